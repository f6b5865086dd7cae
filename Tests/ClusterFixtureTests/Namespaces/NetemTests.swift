#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Where the kernel has netem, it does what it can. `scripts/check-netem` runs this on one that has it.
@Suite(
    .requiresNamespaces, .enabled("the kernel has no netem: `scripts/check-netem` boots one") { try await hasNetem() })
struct NetemTests {
    @Test func theKernelDoesWhatItCan() async throws {
        try await withCluster(nodes: 3, backend: .namespaces) { cluster in
            let traffic = try await Traffic(on: cluster)
            #expect(try await traffic.numbers(1, from: cluster[0], to: cluster[1]) == [0])
            try await cluster[0].degrade(latency: .milliseconds(100), loss: 0.1)
            #expect(try wires() == 0)
            try await traffic.collect(on: cluster[1])
            try await traffic.send(2000, from: cluster[0], to: cluster[1].ip)
            let seen = try await traffic.collected(on: cluster[1], after: 1)
            #expect((1740...1860).contains(seen.count), "\(seen.count)")
            // What it can't do is the wire's, beside it.
            try await cluster[1].degrade(loss: 1, seed: 1)
            #expect(try wires() == 1)
            try await cluster.setNetworkConditions(.partition([["node1"], ["node2"]]))
            #expect(try await eventually { try wires() == 0 })
            try await cluster.heal()
            try await cluster[0].degraded(latency: .milliseconds(100)) {
                let told = try await traffic.ping(cluster[2], cluster[0].ip)
                let time = told.standardOutput.split(separator: "time=").last?.split(separator: " ").first
                #expect(try #require(time.flatMap { Double($0) }) >= 200)
            }
            #expect(try await traffic.numbers(100, from: cluster[0], to: cluster[1]) == Array(0..<100))
        }
    }

    private func wires() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int($0) }.filter {
            FileManager.default.contents(atPath: "/proc/\($0)/comm") == Data("cf-wire\n".utf8)
        }.count
    }
}

private func hasNetem() async throws -> Bool {
    let words = ["--map-root-user", "--net", "tc", "qdisc", "add", "dev", "lo", "root", "netem"]
    return try await Command("unshare", words).output().succeeded
}
#endif

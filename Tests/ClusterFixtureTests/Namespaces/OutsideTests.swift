#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Nodes that may reach beyond their cluster, and nodes that may not.
@Suite(.requiresNamespaces, .requiresOutside, .timeLimit(.minutes(5)))
struct OutsideTests {
    private static func greet(_ host: String, _ port: Int) -> String {
        "timeout 5 bash -c 'exec 3<>/dev/tcp/\(host)/\(port) && head -c 7 <&3'"
    }

    /// What is outside, in here, is another cluster: no other machine is ever contacted.
    @Test(.enabled("an ordinary user's cluster is not in this machine's network") { geteuid() == 0 })
    func nodesReachTheOutsideIfTheyMay() async throws {
        try await withCluster(backend: .namespaces) { there in
            let node = there[0]
            try await withCluster(nodes: 2, backend: .namespaces, configure: { $0.outside = true }) { cluster in
                for each in cluster.nodes {
                    #expect(try await each.run(Self.greet(node.ip, 22)).standardOutput == "SSH-2.0")
                }
                #expect(try await cluster[0].run("ssh node2 hostname").standardOutput == "node2\n")
                // This machine's own loopback is none of a node's business, under whatever address.
                let gateway = try await cluster[0].run("ip route show default | cut -d' ' -f3").lines
                try #require(gateway.count == 1)
                #expect(try await cluster[0].run(Self.greet(gateway[0], node.port)).exitCode != 0)
                let server = try await cluster[0].run("cat /etc/resolv.conf").standardOutput
                #expect(server == "nameserver \(gateway[0].dropLast())3\n")
            }
            try await withCluster(backend: .namespaces) { cluster in
                let greeting = try await cluster[0].run(Self.greet(node.ip, 22))
                #expect(greeting.exitCode != 0)
            }
        }
    }

    @Test(.enabled("an ordinary user's cluster is not in this machine's network") { geteuid() == 0 })
    func theWayOutCanBeSlowAndCut() async throws {
        try await withCluster(backend: .namespaces) { there in
            let greeting = Self.greet(there[0].ip, 22)
            try await withCluster(nodes: 2, backend: .namespaces, configure: { $0.outside = true }) { cluster in
                var slow = NetworkConditions()
                slow[from: .node("node1"), to: .outside] = .init(latency: .milliseconds(200))
                try await cluster.with(slow) {
                    let begin = ContinuousClock.now
                    let greeted = try await cluster[0].run(greeting)
                    #expect(greeted.standardOutput == "SSH-2.0" && ContinuousClock.now - begin >= .milliseconds(400))
                }
                var cut = NetworkConditions()
                cut[from: .node("node1"), to: .outside] = .cut
                try await cluster.with(cut) {
                    let (one, other) = (try await cluster[0].run(greeting), try await cluster[1].run(greeting))
                    #expect(one.exitCode != 0 && other.standardOutput == "SSH-2.0")
                }
                #expect(try await eventually { try await cluster[0].run(greeting).standardOutput == "SSH-2.0" })
            }
        }
    }

    @Test func theWayOutEndsWithTheCluster() async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(backend: .namespaces, outside: true))
        let words = "--netns-type=path"
        let folder = URL(fileURLWithPath: cluster.sshConfigurationFile).deletingLastPathComponent().path
        let route = try await cluster[0].run("ip route show default").standardOutput
        let cidr = try #require(route.split(separator: " ").dropFirst(2).first).dropLast() + "0/"
        #expect(try ProcessTable.commandLines(containing: "--cidr=\(cidr)").contains { $0.contains(words) })
        try await cluster.stop()
        #expect(try ProcessTable.commandLines(containing: "--cidr=\(cidr)") == [])
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
#endif

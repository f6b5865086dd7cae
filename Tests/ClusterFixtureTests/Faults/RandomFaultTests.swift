import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Whatever is broken by chance, the cluster is whole afterwards. `CLUSTER_FIXTURE_FAULT_SEEDS` says how many schedules there are.
@Suite(.requiresBackend, .serialized)
struct RandomFaultTests {
    private static let seeds = Int(ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_FAULT_SEEDS"] ?? "") ?? 3

    @Test(arguments: try await BackendUnderTest.usable())
    func aClusterIsWholeAfterRandomFaults(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 3, backend: backend.choice) { cluster in
            for node in cluster.nodes { try await node.run("echo kept by $(hostname) > kept").requireSuccess() }
            let mix = FaultMix(kinds: Set(FaultMix.Kind.allCases), count: 8, window: .seconds(3))
            for seed in 1...UInt64(Self.seeds) {
                let schedule = FaultSchedule(seed: seed, on: cluster, mix: mix)
                do { try await cluster.underFaults(schedule) { try await Task.sleep(for: mix.window) } } catch {
                    Issue.record("seed \(seed): \(error) \(schedule)")
                }
                let flaws = try await flaws(of: cluster)
                #expect(flaws == [], "seed \(seed): \(schedule)")
            }
        }
    }

    /// What is not as it was: every node reaches every node by name with the pinned host key, and has its files and the time.
    private func flaws(of cluster: Cluster) async throws -> [String] {
        try await withThrowingTaskGroup(of: [String].self) { group in
            for node in cluster.nodes {
                group.addTask {
                    let others = cluster.nodes.map(\.name).joined(separator: " ")
                    let line = """
                        cat kept; date +%s
                        for node in \(others); do timeout 20 ssh -o BatchMode=yes $node cat kept || echo "no $node"; done
                        ls /etc/ssh/sshd_config.d /etc/ld.so.preload 2>/dev/null
                        """
                    let output = try await node.run(line, timeout: .seconds(90))
                    var lines = output.lines
                    let time = lines.count > 1 ? Double(lines.remove(at: 1)) ?? 0 : 0
                    let expected =
                        ["kept by \(node.name)"] + cluster.nodes.map { "kept by \($0.name)" } + [
                            "/etc/ssh/sshd_config.d:"
                        ]
                    let isRight = abs(time - Date().timeIntervalSince1970) < 120
                    let asExpected = lines == expected || lines + ["/etc/ssh/sshd_config.d:"] == expected
                    return asExpected && isRight ? [] : ["\(node): \(lines) \(time) \(output.standardError)"]
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}

import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// How many sequences of faults are tried: `scripts/faults-at-random` says it.
private let rounds = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_FAULTS"].flatMap { Int($0) } ?? 5

/// Faults of all kinds at moments that chance chose, the same for the same number: when they are healed, the cluster is whole.
@Suite(.requiresBackend, .timeLimit(.minutes(30)))
struct RandomFaultsTests {
    private static let mix = FaultMix(
        kinds: Set(FaultMix.Kind.allCases), count: 4, window: .milliseconds(800),
        length: .milliseconds(20) ... .milliseconds(400))

    @Test(arguments: try await BackendUnderTest.usable())
    func whatIsHealedIsWhole(_ backend: BackendUnderTest) async throws {
        let id = Locked<ClusterID?>(nil)
        try await withCluster(nodes: 3, backend: backend.choice) { cluster in
            id.withLock { $0 = cluster.clusterID }
            for round in 1...rounds {
                for node in cluster.nodes { try await node.run("echo \(round) >> ~/rounds && sync").requireSuccess() }
                let schedule = FaultSchedule(seed: UInt64(round), on: cluster, mix: Self.mix)
                try await cluster.underFaults(schedule) { try await use(cluster) }
                try await expectWhole(cluster, after: round, schedule)
            }
        }
        let made = try #require(id.withLock { $0 })
        #expect(await ClusterCatalog.all(includingRemains: true).allSatisfy { $0.summary.id != made })
    }

    /// Uses the nodes until the last fault is over; what does not work meanwhile is expected.
    private func use(_ cluster: Cluster) async throws {
        let end = ContinuousClock.now + Self.mix.window
        while ContinuousClock.now < end {
            for node in cluster.nodes {
                _ = try? await node.run("getent hosts node2; echo used > ~/used", timeout: .milliseconds(100))
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func expectWhole(_ cluster: Cluster, after round: Int, _ schedule: FaultSchedule) async throws {
        let comment: Comment = "after round \(round), \(schedule)"
        #expect(try cluster.networkConditions == .healthy, comment)
        for node in cluster.nodes {
            let names = cluster.nodes.map(\.name)
            let reach = names.map { "ssh -o BatchMode=yes -o ConnectTimeout=5 \($0) hostname" }.joined(separator: "; ")
            let reached = try await node.run(reach, timeout: .seconds(60))
            #expect(reached.lines == names, "\(comment): \(reached)")
            let kept = try await node.run("cat ~/rounds", timeout: .seconds(20))
            #expect(kept.lines == (1...round).map(String.init), comment)
            let clock = try await node.run("date +%s", timeout: .seconds(20)).standardOutput
            let seconds = try #require(Double(clock.trimmingCharacters(in: .newlines)))
            #expect(abs(seconds - Date().timeIntervalSince1970) < 30, comment)
        }
    }
}

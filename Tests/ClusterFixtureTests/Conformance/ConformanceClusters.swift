import ClusterEmulation
import FixtureTestSupport
import Testing

/// One running cluster per backend that this machine has, shared by the tests of the conformance suite.
struct ConformanceClusters: SuiteTrait, TestScoping {
    /// What the suite's tests need of their nodes.
    var needs: [ClusterNeed] = [.ownMachines]

    @TaskLocal static var running: [BackendUnderTest: Cluster] = [:]

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await Self.withClusters(of: ArraySlice(BackendUnderTest.usable(needing: needs)), [:], function)
    }

    private static func withClusters(
        of backends: ArraySlice<BackendUnderTest>, _ clusters: [BackendUnderTest: Cluster],
        _ function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard let backend = backends.first else {
            return try await $running.withValue(clusters) { try await function() }
        }
        let configuration = ClusterConfiguration(
            nodes: 3, backend: backend.choice, name: "conformance", environment: ["CLUSTER_WORD": "two words, $HOME"],
            ports: backend.meets([.ownMachines]) ? [8787] : [])
        try await withCluster(configuration) { cluster in
            try await withClusters(of: backends.dropFirst(), clusters.merging([backend: cluster]) { $1 }, function)
        }
    }
}

extension BackendUnderTest {
    /// The running cluster of this backend.
    var cluster: Cluster {
        get throws { try #require(ConformanceClusters.running[self]) }
    }
}

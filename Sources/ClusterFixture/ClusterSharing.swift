import ClusterEmulation

/// Which tests have a fixture's cluster together.
public struct ClusterSharing: Sendable, Hashable {
    /// When the cluster is made as new.
    public enum Reset: Sendable, Hashable {
        /// Never: tests find what those before them have left.
        case never
        /// Before each test but the first, and before each case of a parameterised one. One test at a time has the cluster.
        case eachTest
    }

    let reset: Reset

    /// A suite's tests share its cluster.
    ///
    /// - Parameter reset: When the cluster is made as new; never unless you say otherwise.
    /// - Returns: The way of sharing.
    public static func suite(reset: Reset = .never) -> ClusterSharing { ClusterSharing(reset: reset) }
}

/// How the tests of a suite have its cluster: as others have left it, or one after the other, each as new.
final class ClusterTurns: Sendable {
    private let cluster: Cluster
    private let reset: ClusterSharing.Reset
    private let turn = Gate(places: 1)
    private let isNew = Locked(true)

    init(_ cluster: Cluster, _ reset: ClusterSharing.Reset) {
        self.cluster = cluster
        self.reset = reset
    }

    /// Runs a test in its turn.
    ///
    /// - Throws: What the test throws; ``ClusterError`` if the cluster can't be made as new.
    func take(_ test: @concurrent @Sendable () async throws -> Void) async throws {
        if reset == .never { return try await test() }
        try await turn.pass {
            let isNew = self.isNew.withLock { isNew in
                defer { isNew = false }
                return isNew
            }
            if !isNew { try await self.cluster.reset() }
            try await test()
        }
    }
}

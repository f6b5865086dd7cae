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

/// A suite's cluster that one test after the other has as new.
final class SharedCluster: Sendable {
    let cluster: Cluster
    private let turn = Gate(places: 1)
    private let isNew = Locked(true)

    init(_ cluster: Cluster) { self.cluster = cluster }

    /// Waits until no other test has the cluster, makes it as new, and runs a test.
    ///
    /// - Throws: What the test throws; ``ClusterError`` if the cluster can't be made as new.
    func take(_ body: @concurrent @Sendable () async throws -> Void) async throws {
        try await turn.pass {
            let isNew = self.isNew.withLock { isNew in
                defer { isNew = false }
                return isNew
            }
            if !isNew { try await self.cluster.reset() }
            try await body()
        }
    }
}

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

    enum Scope: Hashable {
        case suite, process
    }

    let scope: Scope
    let reset: Reset

    /// A suite's tests share its cluster, which goes with the suite.
    ///
    /// - Parameter reset: When the cluster is made as new; never unless you say otherwise.
    /// - Returns: The way of sharing.
    public static func suite(reset: Reset = .never) -> ClusterSharing { ClusterSharing(scope: .suite, reset: reset) }

    /// All suites and test cases of this process whose fixtures have the same settings share a cluster. It is started for the first of
    /// them, and goes with the process.
    ///
    /// - Parameter reset: When the cluster is made as new; never unless you say otherwise.
    /// - Returns: The way of sharing.
    public static func process(reset: Reset = .never) -> ClusterSharing {
        ClusterSharing(scope: .process, reset: reset)
    }
}

/// How tests have a cluster that they share: as others have left it, or one after the other, each as new.
final class ClusterTurns: Sendable {
    let cluster: Cluster
    private let reset: ClusterSharing.Reset
    private let turn = Gate(places: 1)
    private let isNew = Locked(true)

    init(_ cluster: Cluster, _ reset: ClusterSharing.Reset) {
        self.cluster = cluster
        self.reset = reset
        if reset == .eachTest { cluster.prepareReset() }
    }

    /// Runs a test in its turn.
    ///
    /// - Throws: What the test throws; ``ClusterError`` if the cluster can't be made as new.
    func take(_ test: @concurrent @Sendable () async throws -> Void) async throws {
        if reset == .never { return try await test() }
        try await turn.pass {
            try await self.renew()
            try await test()
        }
    }

    /// Makes the cluster as new, if tests are to have it so and one has had it already.
    func renew() async throws {
        if reset == .never { return }
        let isNew = self.isNew.withLock { isNew in
            defer { isNew = false }
            return isNew
        }
        if !isNew { try await cluster.reset() }
    }
}

import ClusterEmulation

extension ClusterFixture {
    /// Starts a cluster, or takes one that was started ahead.
    func start() async throws -> Cluster {
        guard prewarmed != 0 else { return try await Cluster.start(configuration, timeline: Timeline(Progress())) }
        guard (1...64).contains(prewarmed) else {
            throw ClusterError(
                .invalidConfiguration, "A fixture can't keep \(prewarmed) clusters ready.", remedy: "Ask for 0 to 64.")
        }
        return try await Prewarmed(configuration: configuration, count: prewarmed).pool.lease()
    }
}

/// A kind of cluster that is started ahead in this process. Test cases, each of which has a fixture of its own, share them.
struct Prewarmed: Hashable {
    let configuration: ClusterConfiguration
    let count: Int

    private static let pools = Locked<[Prewarmed: ClusterPool]>([:])

    var pool: ClusterPool {
        Self.pools.withLock { pools in
            if let pool = pools[self] { return pool }
            let pool = ClusterPool(size: count) { [configuration] in
                try await Cluster.start(configuration, timeline: Timeline(Progress()))
            }
            pools[self] = pool
            return pool
        }
    }
}

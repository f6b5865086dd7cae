extension Cluster {
    /// What is done to the cluster's network on purpose. Its ``ClusterConfiguration/site``'s own rules are in force besides, all the time.
    ///
    /// - Throws: ``ClusterError`` with the code `clusterLost` if the cluster is gone.
    public var networkConditions: NetworkConditions { get throws { try faults.conditions() } }

    /// Makes the network do what the conditions say, and nothing else any more: from outside the nodes' own tools, at once, established
    /// connections included. The site's own rules stay in force.
    ///
    /// Unless the conditions are about ``NetworkConditions/Place/machine``, the test process reaches every node as before.
    ///
    /// - Parameter conditions: The whole of what the network is to do; ``NetworkConditions/healthy`` heals it.
    /// - Throws: ``ClusterError`` if there are no such nodes or values, the backend can't do it, or the cluster is gone; nothing has changed
    ///   then.
    public func setNetworkConditions(_ conditions: NetworkConditions) async throws {
        try await faults.replace(by: conditions)
    }

    /// Adds to what is done to the network: whatever is sent has to get through both.
    ///
    /// - Parameter conditions: What the network does besides, such as ``NetworkConditions/oneWay(from:to:)``.
    /// - Throws: As ``setNetworkConditions(_:)`` does.
    public func addNetworkConditions(_ conditions: NetworkConditions) async throws {
        try await faults.add(conditions)
    }

    /// Parts the network: nothing passes between nodes of different groups, either way. Other faults that there are stay.
    ///
    /// - Parameter groups: The names of the nodes, by group. Nodes that are in none are one more group, together.
    /// - Throws: As ``setNetworkConditions(_:)`` does; ``ClusterError`` if a node is in two groups.
    public func partition(_ groups: [[String]]) async throws { try await faults.add(try parted(groups)) }

    /// Heals the network: all faults that were made of it end, whichever process has made them. The site's own rules stay in force.
    ///
    /// A network that is healthy stays as it is.
    ///
    /// - Throws: ``ClusterError`` if the cluster is gone.
    public func heal() async throws { try await faults.replace(by: .healthy) }

    /// Parts the network as long as a closure runs; it heals however that ends: returning, throwing, or cancelled.
    ///
    /// ```swift
    /// try await withCluster(nodes: 3) { cluster in
    ///     try await cluster.partitioned([["node1"], ["node2", "node3"]]) {
    ///         let put = try await cluster["node2"].run("etcdctl put key value")
    ///         print(put.standardOutput)
    ///     }
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - groups: As for ``partition(_:)``.
    ///   - body: What to do meanwhile.
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; as ``partition(_:)`` does.
    @discardableResult
    public nonisolated(nonsending) func partitioned<Result>(
        _ groups: [[String]], _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await faults.during(try parted(groups), body)
    }

    /// Adds to what is done to the network as long as a closure runs, however that ends.
    ///
    /// - Parameters:
    ///   - conditions: What the network does besides.
    ///   - body: What to do meanwhile.
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; as ``addNetworkConditions(_:)`` does.
    @discardableResult
    public nonisolated(nonsending) func with<Result>(
        _ conditions: NetworkConditions, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await faults.during(conditions, body)
    }

    private var faults: NetworkFaults { NetworkFaults(of: handle, timeline: timeline) }

    private func parted(_ groups: [[String]]) throws -> NetworkConditions {
        try .partition(groups, of: nodes.map(\.name))
    }
}

extension NetworkConditions {
    /// The partition of a cluster's nodes into groups; those that are in none are one more.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if a node is in two groups.
    package static func partition(_ groups: [[String]], of nodes: [String]) throws -> Self {
        var seen = Set<String>()
        for name in groups.joined() where !seen.insert(name).inserted {
            throw ClusterError(
                .invalidConfiguration, "\(ClusterConfiguration.printable(name)) is in two groups of the partition.",
                remedy:
                    "Put each node in one group. (A node that both sides reach is a bridge: `NetworkConditions.bridge`.)"
            )
        }
        let rest = nodes.filter { !seen.contains($0) }
        return partition(groups + (rest.isEmpty ? [] : [rest]))
    }
}

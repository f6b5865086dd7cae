extension Node {
    /// Cuts the node off from all other nodes, both ways, established connections included. The test process reaches it all the same.
    ///
    /// - Parameter includingMachine: Whether nothing passes between the node and this machine either. Published ports are not the
    ///   cluster's network, and stay with namespaces.
    /// - Throws: ``ClusterError`` if the backend can't do that, or the cluster is gone.
    public func isolate(includingMachine: Bool = false) async throws {
        try await faults.add(isolation(includingMachine), node: name)
    }

    /// Cuts the node off from all other nodes as long as a closure runs, however that ends.
    ///
    /// - Parameters:
    ///   - includingMachine: As for ``isolate(includingMachine:)``.
    ///   - body: What to do meanwhile.
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; as ``isolate(includingMachine:)`` does.
    @discardableResult
    public nonisolated(nonsending) func isolated<Result>(
        includingMachine: Bool = false, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await faults.during(isolation(includingMachine), node: name, body)
    }

    /// Makes what is between the node and all other nodes worse, each way: what is said of a direction is the case twice for a question
    /// and its answer.
    ///
    /// - Parameters:
    ///   - latency: How long everything is under way besides, in each direction; an hour at most.
    ///   - jitter: How far the latency wanders to either side, the latency at most.
    ///   - loss: The chance of a frame to be lost, 0 to 1.
    ///   - duplication: The chance of a frame to arrive twice.
    ///   - reordering: The chance of a frame to overtake those before it; it takes a latency.
    ///   - corruption: The chance of a frame to be damaged.
    ///   - bandwidth: How many bits get through in a second, 1000 to 10^12; nil for any number.
    ///   - mtu: How many bytes the longest packet has that passes, 68 to 65,535; nil for all.
    ///   - mtuIsSilent: Whether longer ones vanish without a word.
    ///   - seed: What chance is made of: see ``NetworkConditions/seed``.
    ///   - includingMachine: Whether what is between the node and this machine is worse as well. Published ports are not the
    ///     cluster's network, and stay with namespaces.
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` for values that can't be; if the backend can't do it, or the
    ///   cluster is gone.
    public func degrade(
        latency: Duration = .zero, jitter: Duration = .zero, loss: Double = 0, duplication: Double = 0,
        reordering: Double = 0, corruption: Double = 0, bandwidth: Int? = nil, mtu: Int? = nil,
        mtuIsSilent: Bool = false, seed: UInt64? = nil, includingMachine: Bool = false
    ) async throws {
        let link = NetworkConditions.Link(
            latency: latency, jitter: jitter, loss: loss, duplication: duplication, reordering: reordering,
            corruption: corruption, bandwidth: bandwidth, mtu: mtu, mtuIsSilent: mtuIsSilent)
        try await faults.add(degradation(link, seed, includingMachine), node: name)
    }

    /// Makes what is between the node and all other nodes worse as long as a closure runs, however that ends.
    ///
    /// - Parameters:
    ///   - latency: How long everything is under way besides, in each direction; an hour at most.
    ///   - jitter: How far the latency wanders to either side, the latency at most.
    ///   - loss: The chance of a frame to be lost, 0 to 1.
    ///   - duplication: The chance of a frame to arrive twice.
    ///   - reordering: The chance of a frame to overtake those before it; it takes a latency.
    ///   - corruption: The chance of a frame to be damaged.
    ///   - bandwidth: How many bits get through in a second, 1000 to 10^12; nil for any number.
    ///   - mtu: How many bytes the longest packet has that passes, 68 to 65,535; nil for all.
    ///   - mtuIsSilent: Whether longer ones vanish without a word.
    ///   - seed: What chance is made of: see ``NetworkConditions/seed``.
    ///   - includingMachine: Whether what is between the node and this machine is worse as well.
    ///   - body: What to do meanwhile.
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; ``ClusterError`` for values that can't be, if the backend can't do it, or the cluster is gone.
    @discardableResult
    public nonisolated(nonsending) func degraded<Result>(
        latency: Duration = .zero, jitter: Duration = .zero, loss: Double = 0, duplication: Double = 0,
        reordering: Double = 0, corruption: Double = 0, bandwidth: Int? = nil, mtu: Int? = nil,
        mtuIsSilent: Bool = false, seed: UInt64? = nil, includingMachine: Bool = false,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        let link = NetworkConditions.Link(
            latency: latency, jitter: jitter, loss: loss, duplication: duplication, reordering: reordering,
            corruption: corruption, bandwidth: bandwidth, mtu: mtu, mtuIsSilent: mtuIsSilent)
        return try await faults.during(degradation(link, seed, includingMachine), node: name, body)
    }

    private var faults: NetworkFaults { NetworkFaults(of: cluster, timeline: timeline) }

    private func isolation(_ includingMachine: Bool) -> NetworkConditions {
        .around(name, of: cluster.nodes.map(\.name), .cut, includingMachine: includingMachine)
    }

    private func degradation(
        _ link: NetworkConditions.Link, _ seed: UInt64?, _ includingMachine: Bool
    ) -> NetworkConditions {
        .around(name, of: cluster.nodes.map(\.name), link, seed: seed, includingMachine: includingMachine)
    }
}

extension NetworkConditions {
    /// What is between one node and all others, each way.
    package static func around(
        _ node: String, of nodes: [String], _ link: Link, seed: UInt64? = nil, includingMachine: Bool = false
    ) -> Self {
        var conditions = Self(seed: seed)
        var others = Set(nodes.filter { $0 != node }.map { Place.node($0) })
        if includingMachine { others.insert(.machine) }
        conditions.set(between: [.node(node)], and: others, link)
        return conditions
    }
}

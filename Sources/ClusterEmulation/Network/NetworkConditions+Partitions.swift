// The partitions that Jepsen's nemesis knows, as values.

extension NetworkConditions {
    /// Nothing passes between nodes of different groups, either way; within a group, everything does.
    ///
    /// Nodes that are in no group are not concerned. (``Cluster/partition(_:)`` makes one more group of them.)
    ///
    /// - Parameter groups: The nodes' names, by group.
    /// - Returns: The conditions.
    public static func partition(_ groups: [[String]]) -> Self {
        var conditions = Self()
        let all = groups.reduce(Set<Place>()) { $0.union(places($1)) }
        for group in groups.map(places) { conditions.set(from: group, to: all.subtracting(group), .cut) }
        return conditions
    }

    /// Nothing gets from some nodes to others; the other way, everything does.
    ///
    /// - Parameters:
    ///   - sources: The names of those that are not heard.
    ///   - targets: The names of those that don't hear them.
    /// - Returns: The conditions.
    public static func oneWay(from sources: [String], to targets: [String]) -> Self {
        var conditions = Self()
        conditions.set(from: places(sources), to: places(targets).subtracting(places(sources)), .cut)
        return conditions
    }

    /// Two halves that don't reach each other, and one node between them that both reach.
    ///
    /// - Parameters:
    ///   - nodes: The names of all nodes. The first of them are one half.
    ///   - bridge: The name of the one between; nil takes the middle one.
    /// - Returns: The conditions.
    public static func bridge(_ nodes: [String], by bridge: String? = nil) -> Self {
        if nodes.isEmpty { return Self() }
        let bridge = bridge ?? nodes[nodes.count / 2]
        let others = nodes.filter { $0 != bridge }
        return partition([Array(others.prefix(others.count / 2)), Array(others.dropFirst(others.count / 2))])
    }

    /// Every node hears a majority, and no two hear the same one: each hears its neighbours on a ring, and nobody else.
    ///
    /// - Parameter nodes: The names of all nodes, as they stand on the ring.
    /// - Returns: The conditions.
    public static func majoritiesRing(_ nodes: [String]) -> Self {
        var conditions = Self()
        let (count, majority) = (nodes.count, nodes.count / 2 + 1)
        for (index, node) in nodes.enumerated() {
            let heard = (0..<majority).map { nodes[(index - (majority - 1) / 2 + $0 + count) % count] }
            conditions.set(from: places(nodes).subtracting(places(heard)), to: [.node(node)], .cut)
        }
        return conditions
    }

    /// Nothing passes between a node and others.
    ///
    /// - Parameters:
    ///   - node: Its name.
    ///   - others: The others' names.
    /// - Returns: The conditions.
    public static func isolating(_ node: String, from others: [String]) -> Self {
        partition([[node], others.filter { $0 != node }])
    }

    private static func places(_ nodes: [String]) -> Set<Place> { Set(nodes.map { .node($0) }) }
}

/// A network that is cut or worse, between nodes that are known when it happens.
enum NetworkFault: Sendable, Hashable {
    case partitioned([[String]])
    case isolated
    case degraded(NetworkConditions.Link)

    /// - Parameters:
    ///   - node: The node that it is about, if it is one.
    ///   - nodes: The names of all nodes.
    func conditions(_ node: String?, of nodes: [String]) throws -> NetworkConditions {
        switch self {
        case .partitioned(let groups): try .partition(groups, of: nodes)
        case .isolated: .around(node ?? "", of: nodes, .cut)
        case .degraded(let link): .around(node ?? "", of: nodes, link)
        }
    }
}

/// A network that is cut or worse, between nodes that are known when it happens.
enum NetworkFault: Sendable, Hashable {
    case partitioned([[String]])
    case isolated
    case degraded(NetworkConditions.Link)

    /// What the network of some nodes does then. If the fault is about one of them, it is named.
    func conditions(_ node: String?, of nodes: [String]) throws -> NetworkConditions {
        switch self {
        case .partitioned(let groups): try .partition(groups, of: nodes)
        case .isolated: .around(node ?? "", of: nodes, .cut)
        case .degraded(let link): .around(node ?? "", of: nodes, link)
        }
    }
}

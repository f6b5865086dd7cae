/// The nodes of a cluster, before any of them is there: what a service plans with.
public struct ClusterLayout: Sendable, Hashable {
    /// One of the nodes.
    public struct Node: Sendable, Hashable {
        /// Its host name.
        public let name: String
        /// Its name with the cluster's domain.
        public let fqdn: String
        /// What it is there for, where the nodes of the cluster differ.
        public let role: String?
        /// What it may use.
        public let limits: NodeLimits
    }

    /// The cluster's name.
    public let name: String
    /// The nodes, in their order.
    public let nodes: [Node]
    /// The absolute paths of the folders that all nodes share.
    public package(set) var sharedFolders: [String] = []
    /// What there is of a real site's networks and rules.
    public let site: Site

    init(name: String, nodes: [Node], site: Site) {
        (self.name, self.nodes, self.site) = (name, nodes, site)
    }

    /// The node that users log in to: the first of the role `login`, or else the first of all.
    public var login: Node { nodes.first { $0.role == NodeRole.loginName } ?? nodes[0] }

    /// The nodes that do the work: those of the role `compute`. Without any such role, all nodes; with other roles, all but the login nodes.
    public var computeNodes: [Node] {
        let compute = nodes.filter { $0.role == NodeRole.computeName }
        if !compute.isEmpty { return compute }
        let others = nodes.filter { $0.role != NodeRole.loginName }
        return others.isEmpty ? nodes : others
    }

    /// The nodes of a placement, in their order.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if there are none.
    public func nodes(_ placement: Placement) throws -> [Node] {
        switch placement {
        case .login: return [login]
        case .compute: return computeNodes
        case .all: return nodes
        case .role(let name):
            let found = nodes.filter { $0.role == name }
            if !found.isEmpty { return found }
            let roles = Set(nodes.compactMap(\.role)).sorted()
            throw absent(
                "no node has the role \"\(ClusterConfiguration.printable(name))\"",
                roles.isEmpty ? "The cluster has no roles." : "There are \(roles.joined(separator: ", ")).")
        case .node(let name):
            if let node = nodes.first(where: { $0.name == name }) { return [node] }
            throw absent(
                "there is no node \"\(ClusterConfiguration.printable(name))\"",
                "There are \(nodes.prefix(8).map(\.name).joined(separator: ", "))\(nodes.count > 8 ? " …" : "").")
        }
    }

    private func absent(_ cause: String, _ remedy: String) -> ClusterError {
        ClusterError(.invalidConfiguration, "In cluster \(name) \(cause).", remedy: remedy)
    }
}

/// Which nodes a service runs on.
public enum Placement: Sendable, Hashable {
    /// The node that users log in to: the first of the role `login`, or else the first of all.
    case login
    /// The nodes that do the work: those of the role `compute`; without roles all.
    case compute
    /// Every node.
    case all
    /// The nodes of a role.
    case role(String)
    /// One node, by its name.
    case node(String)
}

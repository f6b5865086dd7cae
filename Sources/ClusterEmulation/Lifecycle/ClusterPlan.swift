/// A cluster that is planned but not started: checked settings, names, and a folder for its files.
package struct ClusterPlan: Sendable {
    package typealias ID = ClusterID

    package let id: ID
    package let name: String
    package let configuration: ClusterConfiguration
    package let nodeNames: [String]
    package let workspace: Workspace
    /// Where its subnet is taken from.
    package let subnets: SubnetRange
    /// Its IPv6 addresses, if it is to have any.
    package let subnet6: Subnet6?

    /// Checks a configuration and plans a cluster.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`, before anything is started.
    package init(_ configuration: ClusterConfiguration) throws {
        try configuration.validate()
        subnets = try SubnetRange.chosen(for: configuration)
        id = .random()
        name = configuration.name ?? "cluster-\(id.description.prefix(4))"
        self.configuration = configuration
        nodeNames = Self.nodeNames(configuration.nodes)
        workspace = Workspace(cluster: id)
        subnet6 = configuration.ipv6 ? Subnet6(id) : nil
    }

    /// The cluster's domain, of those that no one on the internet has (RFC 6761).
    package var domain: String { "\(name).test" }

    /// The names of nodes with the domain.
    package func fqdn(_ node: String) -> String { "\(node).\(domain)" }

    /// The names of nodes as a regular expression.
    package static let nodeNamePattern = "node[0-9]+"

    /// What the nodes of a cluster of so many are called.
    package static func nodeNames(_ nodes: Int) -> [String] { (0..<max(nodes, 0)).map { "node\($0 + 1)" } }
}

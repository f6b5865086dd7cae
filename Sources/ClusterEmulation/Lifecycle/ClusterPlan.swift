/// A cluster that is planned but not started: checked settings, names, and a folder for its files.
package struct ClusterPlan: Sendable {
    package typealias ID = ClusterID

    package let id: ID
    package let name: String
    package let configuration: ClusterConfiguration
    package let nodeNames: [String]
    package let workspace: Workspace
    /// What each user of the nodes may log in with besides a key, if that is asked for.
    package let passwords: [User: String]
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
        passwords = configuration.passwordLogins ? Self.freshPasswords() : [:]
        subnet6 = configuration.ipv6 ? Subnet6(id) : nil
    }

    /// Of letters and digits, which need no quotes anywhere: 24 of them are more than 140 bits.
    private static func freshPasswords() -> [User: String] {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        var generator = SystemRandomNumberGenerator()
        return Dictionary(
            uniqueKeysWithValues: User.allCases.map { user in
                (user, String((0..<24).compactMap { _ in letters.randomElement(using: &generator) }))
            })
    }

    /// The nodes' addresses of IPv6, in their order, if they are to have any.
    package var addresses6: [String]? { subnet6?.addresses(nodeNames.count) }

    /// The cluster's domain, of those that no one on the internet has (RFC 6761).
    package var domain: String { "\(name).test" }

    /// The names of nodes with the domain.
    package func fqdn(_ node: String) -> String { "\(node).\(domain)" }

    /// The names of nodes as a regular expression.
    package static let nodeNamePattern = "node[0-9]+"

    /// What the nodes of a cluster of so many are called.
    package static func nodeNames(_ nodes: Int) -> [String] { (0..<max(nodes, 0)).map { "node\($0 + 1)" } }
}

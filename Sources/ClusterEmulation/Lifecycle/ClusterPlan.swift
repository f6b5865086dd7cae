/// A cluster that is planned but not started: checked settings, names, and a folder for its files.
package struct ClusterPlan: Sendable {
    package typealias ID = ClusterID

    package let id: ID
    package let name: String
    package let configuration: ClusterConfiguration
    /// The nodes, in their order.
    package let nodes: [PlannedNode]
    /// What runs on them besides sshd, each after what it depends on.
    package let services: [PlannedService]
    /// The nodes as services see them.
    package let layout: ClusterLayout
    /// Folders of this machine that every node sees.
    package let mounts: [Mount]
    /// The folders of the cluster's own that all nodes share.
    package let sharedFolders: [SharedFolder.Place]
    /// What the network does from the beginning.
    package let conditions: NetworkConditions
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
        try configuration.site.validate(configuration)
        subnets = try SubnetRange.chosen(for: configuration)
        let id = ID.random()
        let name = configuration.name ?? "cluster-\(id.description.prefix(4))"
        (self.id, self.name, self.configuration) = (id, name, configuration)
        var layout = ClusterLayout(named: name, configuration)
        services = try PlannedService.all(
            (configuration.packets ? [PacketCapture()] : []) + configuration.services, for: &layout)
        nodes = try PlannedNode.all(configuration, services)
        self.layout = layout
        conditions = configuration.site.conditions(layout, services)
        let shared = services.flatMap(\.plan.sharedFolders)
        workspace = Workspace(cluster: id)
        let packets = configuration.packets ? [Mount(workspace.packetsFolder, at: PacketCapture.folder)] : []
        mounts =
            configuration.mounts + packets
            + shared.compactMap { place in place.folder.map { Mount($0, at: place.path) } }
        sharedFolders = shared.filter { $0.folder == nil }
        // As many as one message between processes may carry.
        let count = mounts.count + sharedFolders.count
        guard count <= 64 else {
            throw ClusterError(
                .invalidConfiguration, "A node can't have \(count) mounts and shared folders: at most 64.")
        }
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

    /// The nodes' names, in their order.
    package var nodeNames: [String] { nodes.map(\.name) }

    /// The nodes' addresses of IPv6, in their order, if they are to have any.
    package var addresses6: [String]? { subnet6?.addresses(nodeNames.count) }

    /// The cluster's domain.
    package var domain: String { Self.domain(of: name) }

    /// Starts all nodes at once; where they share folders, after the first, which makes what the others take over.
    ///
    /// - Parameter start: Starts the node at a place.
    /// - Returns: What came of each, by its name.
    /// - Throws: What `start` throws; `CancellationError`.
    func startNodes<Value: Sendable>(
        _ start: @escaping @Sendable (Int, PlannedNode) async throws -> Value
    ) async throws -> [String: Value] {
        var started: [String: Value] = [:]
        try await withThrowingTaskGroup(of: (String, Value).self) { group in
            for (index, node) in nodes.enumerated() {
                if index == 0, !sharedFolders.isEmpty {
                    started[node.name] = try await start(index, node)
                } else {
                    group.addTask { (node.name, try await start(index, node)) }
                }
            }
            for try await (name, value) in group { started[name] = value }
        }
        try Task.checkCancellation()
        return started
    }

    /// The names of nodes with the domain.
    package func fqdn(_ node: String) -> String { "\(node).\(domain)" }

    /// What nodes are called at their interface in the second network, if there is one.
    package func secondName(_ node: String) -> String? {
        configuration.site.secondInterface.map { "\(node)-\($0)" }
    }

    /// The nodes' addresses in the second network, in their order, if there is one.
    package func secondAddresses(beside subnet: Subnet) -> [String]? {
        configuration.site.secondInterface.map { _ in subnet.sibling.addresses(nodes.count) }
    }

    /// The domain of a cluster of a name, of those that no one on the internet has (RFC 6761).
    static func domain(of name: String) -> String { "\(name).test" }
}

extension ClusterLayout {
    /// The nodes that a configuration asks for.
    package init(_ configuration: ClusterConfiguration) {
        self.init(named: configuration.name ?? "the cluster", configuration)
    }

    init(named name: String, _ configuration: ClusterConfiguration) {
        let domain = ClusterPlan.domain(of: name)
        let roles = configuration.roles.isEmpty ? [NodeRole("node", configuration.nodes)] : configuration.roles
        let nodes = roles.flatMap { role in
            role.nodeNames.map { node in
                Node(
                    name: node, fqdn: "\(node).\(domain)", role: configuration.roles.isEmpty ? nil : role.name,
                    limits: role.limits ?? configuration.limits)
            }
        }
        self.init(name: name, nodes: nodes, site: configuration.site)
    }
}

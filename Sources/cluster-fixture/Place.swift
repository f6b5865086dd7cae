public import ArgumentParser
public import ClusterEmulation

/// A node as it is typed: `lab/node1`; or `lab` for the only node, or the only login node, or where all of them are meant.
struct Place: ExpressibleByArgument {
    let cluster: String
    let node: String?

    init(cluster: String, node: String?) {
        self.cluster = cluster
        self.node = node
    }

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(cluster: parts[0], node: parts.count == 2 ? parts[1] : nil)
    }

    static let help: ArgumentHelp = "The node: CLUSTER/NODE, such as lab/node1."

    /// Finds the cluster and the node.
    ///
    /// - Throws: ``ClusterError`` that suggests the near name.
    func find() async throws -> (cluster: ListedCluster, inventory: Inventory, node: Inventory.Node) {
        let found = try await ClusterCatalog.find(cluster)
        let (inventory, node) = try find(in: found)
        return (found, inventory, node)
    }

    /// Finds the node in a cluster that is found already.
    ///
    /// - Throws: ``ClusterError`` that suggests the near name, or asks which node is meant.
    func find(in found: ListedCluster) throws -> (inventory: Inventory, node: Inventory.Node) {
        let inventory = try found.requireInventory()
        let names = inventory.nodes.map(\.name)
        guard let node else {
            let doors = names.count == 1 ? inventory.nodes : inventory.nodes.filter { $0.role == NodeRole.loginName }
            if doors.count == 1 { return (inventory, doors[0]) }
            let some = names.prefix(8).map { "\(cluster)/\($0)" }.joined(separator: ", ")
            throw ClusterError(
                .noCluster, "Cluster \(cluster) has \(names.count) nodes.",
                remedy: "Say which: \(some)\(names.count > 8 ? " …" : "").")
        }
        guard let match = inventory.nodes.first(where: { $0.name == node }) else {
            let near = ClusterCatalog.nearest(to: node, among: names).map { "Did you mean \($0)?" }
            throw ClusterError(
                .noCluster, "Cluster \(cluster) has no node \"\(node)\".",
                remedy: near ?? "It has \(names.first ?? "") to \(names.last ?? "").")
        }
        return (inventory, match)
    }
}

/// A node and who logs in to it, as ssh has it: `lab/node1`, or `root@lab/node1`.
struct Login: ExpressibleByArgument {
    let place: Place
    private let user: String?

    init?(argument: String) {
        let parts = argument.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let place = Place(argument: parts[parts.count - 1]), !parts[0].isEmpty else { return nil }
        self.place = place
        user = parts.count == 2 ? parts[0] : nil
    }

    static let help: ArgumentHelp = "The node: CLUSTER/NODE, such as lab/node1, or root@lab/node1."

    /// Who logs in: who is typed before the `@`, or else by an option, or else `ubuntu`.
    func user(or option: User?) throws -> User {
        guard let user else { return option ?? .ubuntu }
        let typed = try User.named(user)
        guard option == nil || option == typed else {
            throw ValidationError("Say the user once: \(user)@ or --user \(option ?? typed).")
        }
        return typed
    }
}

extension User: ExpressibleByArgument {
    /// The user of a name that is a part of a word, and not an option's whole value.
    static func named(_ name: String) throws -> User {
        if let user = User(rawValue: name) { return user }
        throw ValidationError("A node's users are ubuntu and root, not \"\(name)\".")
    }
}

extension ListedCluster {
    func requireInventory() throws -> Inventory {
        if let inventory { return inventory }
        throw ClusterError(
            .noCluster, "Cluster \(summary.name) is not ready yet, or its folder \(summary.folder) is gone.",
            remedy: "Wait until it is ready, or remove it: `cluster-fixture down \(summary.name)`.")
    }
}

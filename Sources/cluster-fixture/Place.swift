import ArgumentParser
import ClusterEmulation

/// A node as it is typed: `lab/node1`, or `lab` for its first node.
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
    /// - Throws: ``ClusterError`` that suggests the near name.
    func find(in found: ListedCluster) throws -> (inventory: Inventory, node: Inventory.Node) {
        let inventory = try found.requireInventory()
        let names = inventory.nodes.map(\.name)
        guard let match = inventory.nodes.first(where: { $0.name == node ?? names.first }) else {
            let near = ClusterCatalog.nearest(to: node ?? "", among: names).map { "Did you mean \($0)?" }
            throw ClusterError(
                .noCluster, "Cluster \(cluster) has no node \"\(node ?? "")\".",
                remedy: near ?? "It has \(names.first ?? "") to \(names.last ?? "").")
        }
        return (inventory, match)
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

import ArgumentParser
import ClusterEmulation

/// What a shell offers when Tab is pressed.
extension CompletionKind {
    /// The clusters that are there.
    static let clusters = custom { _, _, _ in await ClusterCatalog.all().map(\.summary.name) }

    /// Their nodes, as CLUSTER/NODE.
    static let places = custom { _, _, _ in
        await ClusterCatalog.all().compactMap(\.inventory).flatMap { inventory in
            inventory.nodes.map { "\(inventory.name)/\($0.name)" }
        }
    }

    static let backends = list(([.automatic] + BackendChoice.known).map(\.description))
}

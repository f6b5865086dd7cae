#if os(Linux)
import CNamespaces

/// The layers of all images of a cluster's nodes.
struct LayerTable {
    /// Each once.
    let folders: [String]

    init(_ images: [LayeredImage]) {
        var seen = Set<String>()
        folders = images.flatMap(\.folders).filter { seen.insert($0).inserted }
    }

    /// Where an image's layers are among them.
    func places(of image: LayeredImage) -> [Int] {
        let places = Dictionary(uniqueKeysWithValues: folders.enumerated().map { ($1, $0) })
        return image.folders.compactMap { places[$0] }
    }
}

/// What nodes have in common, written out once for all nodes with the same image and limits: among a thousand, most are alike.
struct NodeKinds {
    private struct Kind: Hashable {
        let image: NodeImage
        let limits: NodeLimits
    }
    private var made: [Kind: ns_node] = [:]

    mutating func node(_ planned: PlannedNode, _ make: () throws -> ns_node) rethrows -> ns_node {
        let kind = Kind(image: planned.image, limits: planned.limits)
        if let node = made[kind] { return node }
        let node = try make()
        made[kind] = node
        return node
    }
}

/// What is in the folders of a cluster's own that all nodes share, by its place in the cluster's base.
struct SharedFiles {
    let folders: [SharedFolder.Place]
    /// In the order in which they are to be made, each once.
    private(set) var entries: [RootEntry] = []
    private var known: Set<String> = []
    private let names: [(path: String, base: String)]

    /// - Parameters:
    ///   - folders: The folders of the cluster's own that all nodes share.
    ///   - mounts: How many mounts there are before them.
    init(_ folders: [SharedFolder.Place], after mounts: Int) {
        self.folders = folders
        names = folders.enumerated().map { ($1.path + "/", "s\(mounts + $0)/") }
    }

    /// Takes those entries of a node's over that are in shared folders.
    ///
    /// - Returns: The others.
    mutating func take(from entries: [RootEntry]) -> [RootEntry] {
        if names.isEmpty { return entries }
        return entries.filter { entry in
            guard let place = names.first(where: { entry.path.hasPrefix($0.path) }) else { return true }
            if known.insert(entry.path).inserted {
                var entry = entry
                entry.path = place.base + entry.path.dropFirst(place.path.count)
                self.entries.append(entry)
            }
            return false
        }
    }
}
#endif

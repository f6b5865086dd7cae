import Foundation

extension DockerCluster: NodeSnapshots {
    package func image(of node: String) async throws -> NodeImage {
        let name = "snapshot-\(RandomDigits.hexadecimal(16))"
        guard let own = summary.workspace.opened?.folder else { throw lost }
        try await commit(node, as: DockerImages.snapshotTag(name), in: own, keeping: false)
        return .snapshot(name)
    }

    /// Of each node an image, which goes with the cluster, and its secrets, which are in no image.
    package func keepFiles(in folder: OwnFolder) async throws {
        let tags = try nodes.map { ($0.name, try newTag()) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (node, tag) in tags { group.addTask { try await commit(node, as: tag, in: folder, keeping: true) } }
            for try await _ in group {}
        }
        try DockerKept(images: Dictionary(uniqueKeysWithValues: tags)).write(to: folder)
        for (number, path) in try sharedFolders.enumerated() {
            _ = try await DockerArchive("\(folder.path)/shared-\(number).tar").pack(path, on: nodes[0].name, of: self)
        }
    }

    package func giveFiles(from folder: OwnFolder, isForeign: Bool) async throws {
        let (kept, recipe, shared) = (try DockerKept(in: folder), try DockerRecipe(of: summary), try sharedFolders)
        try await uncancelled {
            let images = isForeign ? try await adopted(kept.images) : kept.images
            try await remove(nodes.map(\.name))
            // The others take over folders that the first has made.
            for nodes in [nodes.prefix(1), nodes.dropFirst()] {
                try await together(nodes.map(\.name)) { node in
                    try await engine.change(
                        recipe.words(for: node, image: images[node]).created, node: node,
                        else: "\(node) could not be given its files")
                }
            }
            for (number, path) in shared.enumerated() {
                try await DockerArchive("\(folder.path)/shared-\(number).tar").unpack(
                    into: (path as NSString).deletingLastPathComponent, on: nodes[0].name, of: self)
            }
            try await together(nodes.map(\.name)) { node in
                // Of another cluster's keys, a node's own take the places when it starts.
                if !isForeign { try await DockerSecrets.putBack(from: folder.folder(node), on: node, of: self) }
                try await start(node)
            }
        }
    }

    /// Removes images that were kept of the cluster's nodes.
    func removeKeptImages() async throws {
        guard hasKeptImages else { return }
        let tags = try await engine.lines(DockerArguments.keptImages(of: summary.id))
        if tags.isEmpty { return }
        try await engine.change(
            ["image", "rm"] + tags, else: "Kept files of cluster \(summary.name) could not be removed")
    }

    /// Whether there may be such images.
    var hasKeptImages: Bool { (try? summary.workspace.opened?.folder.read(Self.mark)) != nil }

    /// The file in the cluster's folder that says that there are such images.
    private static let mark = "kept-images"

    private func newTag() throws -> String {
        guard let own = summary.workspace.opened?.folder else { throw lost }
        if (try? own.read(Self.mark)) == nil { try own.replace(Self.mark, with: "") }
        return DockerArguments.keptImage(summary.id, RandomDigits.hexadecimal(10))
    }

    /// The same images under names of this cluster's, with which they go.
    private func adopted(_ images: [String: String]) async throws -> [String: String] {
        var adopted: [String: String] = [:]
        for (node, image) in images {
            let tag = try newTag()
            try await engine.change(["tag", image, tag], node: node, else: "\(node) could not be given its files")
            adopted[node] = tag
        }
        return adopted
    }

    /// What the cluster's nodes share of its own.
    private var sharedFolders: [String] {
        get throws {
            guard let own = summary.workspace.opened?.folder else { throw lost }
            return try DockerNodeFolder.sharedFolders(in: own.folder(DockerNodeFolder.place).folder(nodes[0].name))
        }
    }

    /// Makes an image of a node. What the node has of secrets stays out of it: it is taken away for a moment, and put back.
    ///
    /// - Parameters:
    ///   - node: The node, which is frozen or has ended.
    ///   - tag: The image's name.
    ///   - folder: Where the secrets are meanwhile, in a folder of the node's name.
    ///   - isKept: Whether they stay there.
    /// - Throws: ``ClusterError`` if the node runs, or the engine refuses it.
    private func commit(_ node: String, as tag: String, in folder: OwnFolder, keeping isKept: Bool) async throws {
        let state = try await state(of: node)
        guard state.isPaused || state.node != .running else {
            throw ClusterError(
                .invalidConfiguration, "\(node) runs: its files can't be kept while they change.", node: node,
                remedy: "Stop or pause it first.")
        }
        let secrets = try await DockerSecrets(of: node, in: self)
        let name = isKept ? node : "away-\(RandomDigits.hexadecimal(8))"
        let place = try folder.make(name)
        defer { if !isKept { try? folder.remove(name) } }
        try await uncancelled {
            try await secrets.whileAway(in: place) {
                try await engine.change(
                    ["commit", "--pause=false"] + Self.changes.flatMap { ["--change", $0] } + [container(node), tag],
                    node: node, else: "No image could be made of \(node)")
            }
        }
    }

    /// The image is nobody's node: it has no labels of one, and begins by hand as any other.
    private static var changes: [String] {
        DockerLabel.allCases.map { "LABEL \($0.rawValue)=" } + ["CMD []"]
    }
}

/// What was kept of a cluster's nodes, as its folder says.
private struct DockerKept: Codable, Sendable {
    /// By the nodes' names.
    let images: [String: String]

    private static let file = "images.json"

    init(images: [String: String]) { self.images = images }

    init(in folder: OwnFolder) throws { self = try JSONDecoder().decode(Self.self, from: folder.read(Self.file)) }

    func write(to folder: OwnFolder) throws { try folder.write(jsonText(self), to: Self.file) }
}

extension [String] {
    /// The words of `docker run` as those of `docker create`.
    fileprivate var created: [String] { ["create"] + dropFirst().filter { $0 != "--detach" } }
}

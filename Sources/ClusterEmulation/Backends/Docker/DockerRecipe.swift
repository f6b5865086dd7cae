import Foundation

/// How the nodes of a cluster were run: the words of `docker run` for each. The cluster's folder keeps them, so that whoever finds the
/// cluster can make its nodes anew.
struct DockerRecipe: Sendable, Codable {
    /// By the nodes' names.
    private let words: [String: [String]]
    /// The nodes that can be made as new within their containers.
    private let renewable: Set<String>

    private static let file = "docker-run.json"

    /// - Parameters:
    ///   - words: The words that have run each node.
    ///   - plan: The plan. Only this package's own images know what they have had at the beginning; and what is mounted on a node is
    ///     no business of whoever cleans up there.
    init(_ words: [String: [String]], _ plan: ClusterPlan) {
        self.words = words
        let renewable = plan.nodes.filter { node in
            guard case .package = node.image.source else { return false }
            return plan.mounts.isEmpty && plan.sharedFolders.isEmpty
        }
        self.renewable = Set(renewable.map(\.name))
    }

    /// Reads that of a cluster.
    ///
    /// - Throws: ``ClusterError`` if its folder has none: it was started by an earlier release.
    init(of summary: ClusterSummary) throws {
        guard let folder = summary.workspace.opened?.folder, let data = try? folder.read(Self.file),
            let recipe = try? JSONDecoder().decode(Self.self, from: data)
        else {
            throw ClusterError(
                .noCluster,
                "Cluster \(summary.name) has no record of how its nodes were made.",
                remedy: "Remove it, and start another cluster with this release.")
        }
        self = recipe
    }

    func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(self), as: UTF8.self)
        try OwnFolder(folder).write(text, to: Self.file)
    }

    /// Whether a node can be made as new within its container.
    func isRenewable(_ node: String) -> Bool { renewable.contains(node) }

    /// Whether a node was given its files before its start, where they are mounted else.
    func hasGivenFiles(_ node: String) -> Bool { words[node]?.first == "create" }

    /// Whether there are folders that all nodes share.
    var hasSharedFolders: Bool { words.values.contains { $0.contains("--volumes-from") } }

    /// The words that run a node.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - image: What it is made of; nil for what it was made of.
    ///   - other: The container of a node that has the shared folders already, if they are to stay as they are.
    /// - Returns: The words.
    /// - Throws: ``ClusterError`` with the code `noCluster` if there is no such node.
    func words(for node: String, image: String? = nil, sharingWith other: String? = nil) throws -> [String] {
        guard var words = words[node], words.last == DockerArguments.configure else {
            throw ClusterError(
                .noCluster, "The cluster has no record of how \(node) was made.", node: node,
                remedy: "Remove it, and start another cluster with this release.")
        }
        let place = words.count - 2
        if let other {
            var kept: [String] = []
            var rest = words[..<place]
            while let word = rest.popFirst() {
                let value = rest.first ?? ""
                if word == "--volumes-from" || word == "--mount" && value.hasPrefix("type=volume,") {
                    rest = rest.dropFirst()
                } else {
                    kept.append(word)
                }
            }
            words = kept + ["--volumes-from", other] + words[place...]
        }
        if let image { words[words.count - 2] = image }
        return words
    }
}

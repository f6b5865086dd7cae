import Foundation

/// The files of a node that hold secrets of its cluster: keys, its environment, what services keep to themselves.
struct DockerSecrets: Sendable {
    private let cluster: DockerCluster
    private let node: String
    private let files: Set<String>
    /// The folders and files whose archives have all of them.
    private let places: [String]

    /// - Throws: ``ClusterError`` if the cluster's folder or the engine can't be asked.
    init(of node: String, in cluster: DockerCluster) async throws {
        (self.cluster, self.node) = (cluster, node)
        guard let own = cluster.summary.workspace.opened?.folder else { throw cluster.lost }
        let folder = try own.folder(DockerNodeFolder.place).folder(node)
        let mounted = try await cluster.engine.lines([
            "inspect", "--type", "container", "--format", "{{range .Mounts}}{{println .Destination}}{{end}}",
            cluster.container(node),
        ])
        // What is mounted is in no image.
        func isOwn(_ path: String) -> Bool { !mounted.contains { path == $0 || path.hasPrefix($0 + "/") } }
        let folders = DockerNodeFolder.targets.filter { isOwn($0.value) }
        let single = try (DockerNodeFolder.servicesFiles(in: folder) + [DockerNodeFolder.known]).filter(isOwn)
        let keys = try folders.flatMap { name, target in
            try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(name)").map { "\(target)/\($0)" }
        }
        files = Set(keys + single)
        places = folders.values.sorted() + single
    }

    /// Runs a closure while the files are empty on the node. If this process is killed meanwhile, the node puts them in their places
    /// itself when it is started: it does not know that it has been this cluster's before.
    ///
    /// - Parameters:
    ///   - folder: Where they are kept.
    ///   - body: The closure.
    /// - Throws: What the closure throws; ``ClusterError`` if the files can't be taken away or put back.
    func whileAway(in folder: OwnFolder, _ body: () async throws -> Void) async throws {
        let archives = try await archives(in: folder)
        let outcome: Result<Void, any Error>
        do {
            try await empty(archives, in: folder)
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        try await Self.putBack(from: folder, on: node, of: cluster)
        try outcome.get()
    }

    /// Gives a node the files that were kept in a folder.
    static func putBack(from folder: OwnFolder, on node: String, of cluster: DockerCluster) async throws {
        let list = String(decoding: try folder.read(Self.list), as: UTF8.self).split(separator: "\n").map(String.init)
        for (number, place) in list.enumerated() where !place.isEmpty {
            try await DockerArchive("\(folder.path)/\(number).tar").unpack(
                into: (place as NSString).deletingLastPathComponent, on: node, of: cluster)
        }
    }

    private static let list = "places"

    /// Keeps what is there of the places.
    private func archives(in folder: OwnFolder) async throws -> [(place: String, archive: DockerArchive)] {
        var archives: [(String, DockerArchive)] = []
        for place in places {
            let archive = DockerArchive("\(folder.path)/\(archives.count).tar")
            // A user may have removed it.
            if try await archive.pack(place, on: node, of: cluster) { archives.append((place, archive)) }
        }
        try folder.write(archives.map { $0.0 + "\n" }.joined(), to: Self.list)
        return archives
    }

    /// Makes those of the files empty that are in the archives.
    private func empty(_ archives: [(place: String, archive: DockerArchive)], in folder: OwnFolder) async throws {
        let root = try folder.make("empty").path
        defer { try? folder.remove("empty") }
        var names: Set<String> = []
        for (place, archive) in archives {
            let above = (place as NSString).deletingLastPathComponent
            let listed = try await tar(["-t", "-f", archive.file]).lines.map { "\(above)/\($0)" }
            for path in listed where files.contains(path) && names.insert(".\(path)").inserted {
                let parent = root + (path as NSString).deletingLastPathComponent
                try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
                try OwnFolder(parent, for: .anyone).write("", to: (path as NSString).lastPathComponent)
            }
        }
        let archive = DockerArchive("\(folder.path)/empty.tar")
        defer { try? folder.remove("empty.tar") }
        // Of files alone: folders keep their owners and modes.
        _ = try await tar(["-c", "-f", archive.file, "-C", root] + names.sorted())
        try await archive.unpack(into: "/", on: node, of: cluster)
    }

    private func tar(_ words: [String]) async throws -> CommandOutput {
        let output = try await Command("tar", words).output()
        if output.succeeded { return output }
        throw ClusterError(
            .transferFailed, ClusterError.sentence("The keys of \(node) could not be packed: \(output.complaint)"),
            node: node)
    }
}

#if os(Linux)
import CNamespaces
import Foundation
import Glibc

extension NamespaceCluster: NodeSnapshots {
    /// What the node has written is a layer over those that it stands on.
    func image(of node: String) async throws -> NodeImage {
        let places = try KeptPlaces(in: summary.workspace)
        let name = "snapshot-\(RandomDigits.hexadecimal(10))"
        let folder = try OwnFolder(summary.folder)
        let archive = "\(name).tar"
        defer { try? folder.remove(archive) }
        try await keepFiles(of: node, in: folder, as: archive)
        try await NamespaceImages(cache: nil).keep(
            name, of: "\(node) of \(summary.name)", archive: "\(folder.path)/\(archive)", over: places.layers(of: node),
            without: places.secrets)
        return .snapshot(name)
    }

    func keepFiles(in folder: OwnFolder) async throws {
        for node in nodes { try await keepFiles(of: node.name, in: folder, as: "\(node.name).tar") }
        for (index, place) in try KeptPlaces(in: summary.workspace).shared.enumerated() {
            try await write("shared-\(index).tar", in: folder) { file in
                try await runOutside(Self.pack + ["--directory", place, "."], output: file)
            }
        }
    }

    func giveFiles(from folder: OwnFolder, isForeign: Bool) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in nodes { group.addTask { try await self.kill(node.name) } }
            try await group.waitForAll()
        }
        try await renewSharedFolders()
        for (index, place) in try KeptPlaces(in: summary.workspace).shared.enumerated() {
            try await read("shared-\(index).tar", in: folder) { file in
                try await runOutside(Self.unpack + ["--directory", place], input: file)
            }
        }
        for node in nodes {
            try await giveFiles(to: node.name, from: folder)
            try await ask(isForeign ? Int(NS_EQUIP) : Int(NS_START), of: node.name, "started")
        }
    }

    /// A node's files are in the folders of an overlay, `u`, and in `tmp`.
    private func keepFiles(of node: String, in folder: OwnFolder, as name: String) async throws {
        let files = try await files(of: node)
        defer { close(files) }
        try await write(name, in: folder) { file in
            try await runOutside(
                Self.pack + ["--directory", "/proc/self/fd/0", "u", "tmp"], input: files, output: file)
        }
    }

    private func giveFiles(to node: String, from folder: OwnFolder) async throws {
        let files = try await files(of: node)
        defer { close(files) }
        let place = "/proc/self/fd/1"
        try await runOutside(
            ["find", "\(place)/u", "\(place)/tmp", "-mindepth", "1", "-delete"], output: files)
        try await read("\(node).tar", in: folder) { file in
            try await runOutside(Self.unpack + ["--directory", place], input: file, output: files)
        }
    }

    /// Where a file has come from, an overlay notes for itself.
    private static let attributes = [
        "--numeric-owner", "--xattrs", "--xattrs-include=*", "--xattrs-exclude=user.overlay.origin",
    ]
    private static let pack = ["tar", "--create", "--file=-", "--sparse", "--warning=no-file-ignored"] + attributes
    private static let unpack = ["tar", "--extract", "--file=-", "--same-owner", "--same-permissions"] + attributes
}

extension NamespaceCluster {
    /// The folder of what a node has written, which is the caller's to close.
    private func files(of node: String) async throws -> Int32 {
        let index = try index(of: node)
        let (code, descriptor) = try await explainingLoss { try await connected().ask(Int(NS_FILES), node: index) }
        if descriptor >= 0 { return descriptor }
        throw ClusterError(
            .provisioningFailed, "The files of \(node) can't be had: \(String(cString: strerror(code))).", node: node)
    }

    private func write(_ name: String, in folder: OwnFolder, _ body: (Int32) async throws -> Void) async throws {
        try folder.write("", to: name)
        let file = openat(folder.descriptor, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
        defer { close(file) }
        try await body(file)
    }

    private func read(_ name: String, in folder: OwnFolder, _ body: (Int32) async throws -> Void) async throws {
        let file = openat(folder.descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        defer { close(file) }
        try await body(file)
    }

    /// Runs a program of this machine's as the cluster's root, whose files these are.
    ///
    /// - Throws: ``ClusterError`` with the code `transferFailed` if it fails.
    private func runOutside(_ words: [String], input: Int32 = -1, output: Int32 = -1) async throws {
        let complaint = Locked<[UInt8]>([])
        let code = try await ProgramPipes.run(input: .bytes([])) { _ in
        } onError: { bytes in
            complaint.withLock { $0 += bytes }
        } program: { streams in
            try await executeInNetwork(
                words,
                streams: ProgramStreams(
                    input: input < 0 ? streams.input : input, output: output < 0 ? streams.output : output,
                    error: streams.error))
        }
        guard code == 0 else {
            throw ClusterError(
                .transferFailed, "The files of cluster \(summary.name) could not be copied: `\(words[0])` failed.",
                log: ClusterError.lastLines(String(decoding: complaint.withLock { $0 }, as: UTF8.self)))
        }
    }
}

/// Where the files of a cluster's nodes are, for whoever finds the cluster.
struct KeptPlaces: Codable {
    /// What the nodes stand on: the folders of each image, the uppermost first.
    private let images: [[String]]
    /// Each node's image.
    private let nodes: [String: Int]
    /// Where folders that all nodes share are in the cluster's base.
    let shared: [String]
    /// The paths of the files of services.
    let secrets: [String]

    private static let file = "files.json"

    init(_ plan: ClusterPlan, images: (NodeImage) -> LayeredImage) {
        var places: [NodeImage: Int] = [:]
        var folders: [[String]] = []
        var nodes: [String: Int] = [:]
        for node in plan.nodes {
            if places[node.image] == nil {
                places[node.image] = folders.count
                folders.append(images(node.image).folders)
            }
            nodes[node.name] = places[node.image]
        }
        (self.images, self.nodes) = (folders, nodes)
        secrets = Set(plan.nodes.flatMap(\.files).filter { $0.text != nil }.map(\.path)).sorted()
        shared = plan.sharedFolders.indices.map { "s\(plan.mounts.count + $0)" }
    }

    init(in workspace: Workspace) throws {
        self = try JSONDecoder().decode(Self.self, from: OwnFolder(workspace.folder).read(Self.file))
    }

    func write(to workspace: Workspace) throws {
        try OwnFolder(workspace.folder).write(jsonText(self), to: Self.file)
    }

    func layers(of node: String) throws -> LayeredImage {
        guard let place = nodes[node], images.indices.contains(place), let root = images[place].last else {
            throw ClusterError(
                .noCluster, "The cluster has no record of the image of \(node).", node: node,
                remedy: "Remove it, and start another cluster with this release.")
        }
        return LayeredImage(root: root, layers: Array(images[place].dropLast()))
    }
}
#endif

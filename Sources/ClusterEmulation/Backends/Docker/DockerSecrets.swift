import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

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
    func whileAway(_ body: () async throws -> Void) async throws {
        guard let own = cluster.summary.workspace.opened?.folder else { throw cluster.lost }
        let name = "away-\(RandomDigits.hexadecimal(8))"
        let folder = try own.make(name)
        defer { try? own.remove(name) }
        let archives = try await archives(in: folder)
        let outcome: Result<Void, any Error>
        do {
            try await empty(archives, in: folder)
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        for (place, file) in archives {
            try await unpack(file, into: (place as NSString).deletingLastPathComponent)
        }
        try outcome.get()
    }

    /// What is there of the places, as archives of tar's.
    private func archives(in folder: OwnFolder) async throws -> [(place: String, file: String)] {
        var archives: [(String, String)] = []
        for (number, place) in places.enumerated() {
            let file = "\(folder.path)/\(number).tar"
            let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw folder.failure("\(number).tar", String(cString: strerror(errno))) }
            defer { close(descriptor) }
            let command = cluster.engine.command(["cp", "\(cluster.container(node)):\(place)", "-"])
            // A user may have removed it.
            if try await command.output(writingTo: descriptor).succeeded { archives.append((place, file)) }
        }
        return archives
    }

    /// Makes those of the files empty that are in the archives.
    private func empty(_ archives: [(place: String, file: String)], in folder: OwnFolder) async throws {
        let root = try folder.make("empty").path
        var names: Set<String> = []
        for (place, file) in archives {
            let above = (place as NSString).deletingLastPathComponent
            let listed = try await tar(["-t", "-f", file]).lines.map { "\(above)/\($0)" }
            for path in listed where files.contains(path) && names.insert(".\(path)").inserted {
                let parent = root + (path as NSString).deletingLastPathComponent
                try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
                try OwnFolder(parent, for: .anyone).write("", to: (path as NSString).lastPathComponent)
            }
        }
        let file = "\(folder.path)/empty.tar"
        // Of files alone: folders keep their owners and modes.
        _ = try await tar(["-c", "-f", file, "-C", root] + names.sorted())
        try await unpack(file, into: "/")
    }

    private func unpack(_ file: String, into place: String) async throws {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let output = try await cluster.engine.command(["cp", "-", "\(cluster.container(node)):\(place)"])
            .output(readingFrom: descriptor)
        try require(output, "The keys of \(node) could not be put in their places")
    }

    private func tar(_ words: [String]) async throws -> CommandOutput {
        let output = try await Command("tar", words).output()
        try require(output, "An archive of \(node)'s keys could not be made")
        return output
    }

    private func require(_ output: CommandOutput, _ failure: String) throws {
        if output.succeeded { return }
        throw ClusterError(
            .provisioningFailed, ClusterError.sentence("\(failure): \(DockerEngine.cause(output.complaint))"),
            node: node)
    }
}

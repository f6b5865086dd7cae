import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The folder of one cluster on this machine: its keys, its ssh_config, and the sockets of its connections.
///
/// Only its owner may enter it (0700), and its files are the owner's alone (0600). Its path is short, since a socket's
/// path has 104 to 108 bytes and OpenSSH needs 17 of them for a temporary name.
package struct Workspace: Sendable {
    private static let prefix = "cf-"

    package let folder: String

    package init(folder: String) { self.folder = folder }

    package init(cluster: ClusterPlan.ID) {
        folder = (TemporaryPlace.current as NSString).appendingPathComponent(Self.prefix + cluster)
    }

    /// The folders of this user's clusters where this process would make its own.
    package static func all() -> [Workspace] {
        let place = (Workspace(cluster: "").folder as NSString).deletingLastPathComponent
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        let length = prefix.count + ClusterPlan.idLength
        return names.filter { $0.hasPrefix(prefix) && $0.count == length }.sorted().compactMap { name in
            var status = stat()
            let path = "\(place)/\(name)"
            guard lstat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & S_IFMT == S_IFDIR else {
                return nil
            }
            return Workspace(folder: path)
        }
    }

    /// The cluster whose folder this is.
    package var cluster: ClusterPlan.ID { String((folder as NSString).lastPathComponent.dropFirst(Self.prefix.count)) }

    /// The process that made it.
    package var owner: ProcessIdentity? {
        (try? String(contentsOfFile: ownerFile, encoding: .utf8)).flatMap(ProcessIdentity.init)
    }

    private var ownerFile: String { folder + "/owner" }

    package var keysFolder: String { folder + "/keys" }
    package var socketFolder: String { folder + "/s" }
    /// Where a backend puts its nodes' file systems together.
    package var mountFolder: String { folder + "/m" }
    package var configurationFile: String { folder + "/ssh_config" }
    package var knownHostsFile: String { folder + "/known_hosts" }

    /// A file that says: this cluster was kept on purpose.
    package var keptMark: String { folder + "/kept" }

    package func create() throws {
        // mkdir fails if anything is there already, so nobody can have put a folder of theirs in the way.
        for path in [folder, keysFolder, socketFolder] {
            guard mkdir(path, 0o700) == 0 else {
                throw ClusterError(
                    .provisioningFailed, "The folder \(path) could not be made: \(String(cString: strerror(errno))).",
                    remedy: TemporaryPlace.remedy)
            }
        }
        try Self.write(ProcessIdentity.current.text, to: ownerFile)
    }

    package func remove() throws {
        if FileManager.default.fileExists(atPath: folder) { try FileManager.default.removeItem(atPath: folder) }
    }

    static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ClusterError(
                .provisioningFailed, "The folder \(path) could not be made: \(ClusterError.cause(error)).",
                remedy: TemporaryPlace.remedy)
        }
    }

    /// Writes a file that has its mode from the first moment on.
    package static func write(_ text: String, to path: String, mode: UInt16 = 0o600) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else {
            throw ClusterError(
                .provisioningFailed, "\(path) could not be written: \(String(cString: strerror(errno))).",
                remedy: TemporaryPlace.remedy)
        }
        defer { close(descriptor) }
        do {
            try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(contentsOf: Data(text.utf8))
        } catch {
            throw ClusterError(
                .provisioningFailed, "\(path) could not be written: \(ClusterError.cause(error)).",
                remedy: TemporaryPlace.remedy)
        }
    }
}

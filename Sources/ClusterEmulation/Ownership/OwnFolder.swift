import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A folder that belongs to this user, held open: whatever becomes of its path, what is read and written is in it.
///
/// Others may have put a folder, a link or a file of their own there before. So a folder is used only after
/// a look at who owns it, links are never followed, and a file is new when it is written.
package final class OwnFolder: Sendable {
    /// Who besides its owner may have a way into the folder.
    package enum Access: Sendable {
        /// Nobody else. What is in such a folder can be trusted, and is a secret.
        case owner
        /// Others, but only to read: what is in it can be trusted.
        case readers
        /// Others: what is in it may be theirs, and is never followed, only replaced.
        case anyone
    }

    package let path: String
    let descriptor: Int32

    /// Opens a folder that is there.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if there is none, or if it is not what it should
    ///   be: a link, another user's, open to others.
    package convenience init(_ path: String, for access: Access = .owner) throws {
        // With a slash at its end, a link would be followed after all.
        let path = path.trimmingSlashes
        try self.init(openat(AT_FDCWD, path, Self.flags), path, access)
    }

    private init(_ descriptor: Int32, _ path: String, _ access: Access) throws {
        guard descriptor >= 0 else {
            let cause = errno == ENOTDIR || errno == ELOOP ? "it is a link or a file" : String(cString: strerror(errno))
            throw Self.untrusted(path, cause)
        }
        self.descriptor = descriptor
        self.path = path
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_uid == geteuid() else {
            throw Self.untrusted(path, "it belongs to another user")
        }
        let mode = String(status.st_mode & 0o777, radix: 8)
        if access == .owner, status.st_mode & 0o077 != 0 {
            throw Self.untrusted(path, "others may enter it (mode \(mode))")
        }
        if access == .readers, status.st_mode & 0o022 != 0 {
            throw Self.untrusted(path, "others may write to it (mode \(mode))")
        }
    }

    deinit { close(descriptor) }

    static let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    /// Makes a folder for its owner alone; fails if anything is there already.
    package static func make(_ path: String) throws -> OwnFolder {
        guard mkdir(path, 0o700) == 0 else { throw notMade(path) }
        return try OwnFolder(path)
    }

    /// Opens a folder, and makes it before, with those above it, if it is not there.
    package static func ensured(_ path: String, for access: Access = .owner) throws -> OwnFolder {
        let path = path.trimmingSlashes
        let above = (path as NSString).deletingLastPathComponent
        let mode: mode_t = access == .anyone ? 0o777 : 0o700
        if !above.isEmpty, !FileManager.default.fileExists(atPath: above) { try makeAll(above, mode) }
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw notMade(path) }
        return try OwnFolder(path, for: access)
    }

    private static func makeAll(_ path: String, _ mode: mode_t) throws {
        do { try make(path, mode) } catch {
            throw ClusterError(
                .provisioningFailed, "The folder \(path) could not be made: \(ClusterError.cause(error)).",
                remedy: remedy)
        }
    }

    private static func make(_ path: String, _ mode: mode_t) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: mode == 0o700 ? [.posixPermissions: 0o700] : nil)
    }

    /// Makes a folder in this one, for its owner alone; fails if anything is there already.
    package func make(_ name: String) throws -> OwnFolder {
        guard mkdirat(descriptor, name, 0o700) == 0 else { throw Self.notMade("\(path)/\(name)") }
        return try folder(name)
    }

    /// Opens a folder in this one.
    package func folder(_ name: String) throws -> OwnFolder {
        try OwnFolder(openat(descriptor, name, Self.flags), "\(path)/\(name)", .owner)
    }

    /// Whether this is the same folder by another path.
    package func isSame(as other: OwnFolder) -> Bool {
        var (mine, its) = (stat(), stat())
        guard fstat(descriptor, &mine) == 0, fstat(other.descriptor, &its) == 0 else { return false }
        return mine.st_dev == its.st_dev && mine.st_ino == its.st_ino
    }

    private static func untrusted(_ path: String, _ cause: String) -> ClusterError {
        ClusterError(
            .invalidConfiguration, "The folder \(path) can't be used: \(cause).",
            remedy:
                "It must belong to this user, and nobody else may be able to change it: remove it, or name another one."
        )
    }

    /// What to do where nothing can be written.
    static let remedy =
        "See that the disk is not full and this user can write there, or name another place (TMPDIR, XDG_CACHE_HOME, XDG_STATE_HOME)."

    private static func notMade(_ path: String) -> ClusterError {
        let cause = String(cString: strerror(errno))
        return ClusterError(
            .provisioningFailed, "The folder \(path) could not be made: \(cause).",
            remedy: TemporaryPlace.isMissing(for: path)
                ? "Set TMPDIR to a folder that exists, or unset it: it names one that does not." : remedy)
    }
}

extension String {
    fileprivate var trimmingSlashes: String {
        var text = self
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        return text
    }
}

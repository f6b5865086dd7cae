import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension OwnFolder {
    /// Removes an entry, with everything in it if it is a folder. Links are removed, not followed; where something is
    /// mounted, it stops.
    ///
    /// - Throws: ``ClusterError`` with the code `teardownFailed`.
    package func remove(_ name: String) throws {
        try Self.remove(name, in: descriptor, path, Mount(of: descriptor))
    }

    /// Removes everything in the folder but one entry.
    ///
    /// - Throws: ``ClusterError`` with the code `teardownFailed`.
    package func removeContents(but kept: String) throws {
        for name in try names() where name != kept { try remove(name) }
    }

    /// Gives an entry another name, in the place of what has it.
    ///
    /// - Throws: ``ClusterError`` with the code `provisioningFailed`.
    package func rename(_ name: String, to other: String) throws {
        try remove(other)
        guard renameat(descriptor, name, descriptor, other) == 0 else {
            throw ClusterError(
                .provisioningFailed,
                "\(path)/\(name) could not be renamed \(other): \(String(cString: strerror(errno))).")
        }
    }

    private static func remove(_ name: String, in parent: Int32, _ path: String, _ mount: Mount) throws {
        let place = "\(path)/\(name)"
        var status = stat()
        guard fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return try check(place) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            if unlinkat(parent, name, 0) != 0 { try check(place) }
            return
        }
        let folder = openat(parent, name, flags)
        guard folder >= 0 else { return try check(place) }
        defer { close(folder) }
        guard Mount(of: folder) == mount else {
            throw ClusterError(
                .teardownFailed, "\(place) is left alone: something is mounted there.",
                remedy: "See what it is (findmnt), unmount it, and remove the folder again.")
        }
        for entry in try names(in: folder, place) { try remove(entry, in: folder, place, mount) }
        if unlinkat(parent, name, AT_REMOVEDIR) != 0 { try check(place) }
    }

    /// What is gone already was removed by another process, which is as good.
    private static func check(_ place: String) throws {
        guard errno != ENOENT else { return }
        throw ClusterError(.teardownFailed, "\(place) could not be removed: \(String(cString: strerror(errno))).")
    }

    /// What is mounted where an open folder is. A bind mount may have the device of what is around it, but never its
    /// number (proc(5), `/proc/PID/fdinfo`).
    private struct Mount: Equatable {
        let device: UInt64
        let number: String?

        init(of descriptor: Int32) {
            var status = stat()
            fstat(descriptor, &status)
            device = UInt64(truncatingIfNeeded: status.st_dev)
            let facts = try? String(contentsOfFile: "/proc/self/fdinfo/\(descriptor)", encoding: .utf8)
            number = facts?.split(separator: "\n").first { $0.hasPrefix("mnt_id:") }.map(String.init)
        }
    }
}

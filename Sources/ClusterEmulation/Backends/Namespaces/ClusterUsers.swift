#if os(Linux)
import Foundation
import Glibc

/// The users of a cluster, who are others than those of this machine: root in there is nobody out here, or without root the one
/// who made it; all others come from a range of numbers.
struct ClusterUsers: Sendable {
    /// Whether this process is root, and may do more for its clusters than others.
    static var makerIsRoot: Bool { geteuid() == 0 }

    /// The range of root's clusters: the last of those that systemd-nspawn(1) takes for containers, of which systemd says that
    /// nobody else should (systemd's UIDs-GIDs.md). It is the same for all of them, as are their image's files.
    static let rootsRange: (first: UInt32, count: UInt32) = (0x6fff_0000, 0x1_0000)

    /// Who root of a cluster is on this machine.
    static var root: UInt32 { makerIsRoot ? rootsRange.first : geteuid() }

    /// Maps the users of a process, which has a user namespace of its own.
    ///
    /// - Throws: ``ClusterError`` with what the kernel, newuidmap or newgidmap said.
    static func map(_ process: pid_t) async throws {
        if makerIsRoot {
            for file in ["uid_map", "gid_map"] {
                try write("0 \(rootsRange.first) \(rootsRange.count)\n", to: "/proc/\(process)/\(file)")
            }
        } else {
            async let users: Void = map(process, with: "newuidmap", own: geteuid(), ranges: "/etc/subuid")
            try await map(process, with: "newgidmap", own: getegid(), ranges: "/etc/subgid")
            try await users
        }
    }

    /// The highest number of a group of a cluster.
    static func lastGroup() throws -> UInt32 {
        makerIsRoot ? rootsRange.count - 1 : min(try range(in: "/etc/subgid").count, UInt32(Int32.max))
    }

    private static func range(in file: String) throws -> (first: UInt32, count: UInt32) {
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        if let range = UserNamespaceFacts.range(in: text, name: NSUserName(), userID: geteuid()) { return range }
        throw ClusterError(.backendUnavailable, "\(file) has no range for this user.")
    }

    private static func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        guard file >= 0, Glibc.write(file, text, text.utf8.count) == text.utf8.count else {
            throw ClusterError(
                .provisioningFailed,
                "The cluster's users could not be mapped: \(path) says: \(String(cString: strerror(errno))).")
        }
    }

    private static func map(
        _ process: pid_t, with program: String, own: UInt32, ranges file: String
    ) async throws {
        let range = try range(in: file)
        let output = try await Command(
            program, [process, 0, own, 1, 1, range.first, range.count].map { "\($0)" }
        ).output()
        guard output.succeeded else {
            throw ClusterError(
                .provisioningFailed, "The cluster's users could not be mapped: \(program) says: \(output.complaint)")
        }
    }
}
#endif

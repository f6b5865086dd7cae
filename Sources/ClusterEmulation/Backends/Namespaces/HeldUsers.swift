#if os(Linux)
import CNamespaces
import Foundation
import Glibc

/// The users of root's clusters, without a cluster: a process that is nothing but a user namespace for others to enter, until this
/// one lets go of it or ends.
final class HeldUsers: Sendable {
    private let process: pid_t
    private let socket: Int32

    /// - Throws: ``ClusterError`` if this process may not make any.
    init() async throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw Self.failure()
        }
        defer { close(ends[1]) }
        process = ns_hold_users(ends[1])
        socket = ends[0]
        guard process > 0 else {
            close(socket)
            throw Self.failure()
        }
        try await ClusterUsers.map(process)
    }

    /// Where programs of this machine find them, such as nsenter(1).
    var path: String { "/proc/\(process)/ns/user" }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
        _ = ns_await_end(process, 1000)
    }

    private static func failure() -> ClusterError {
        ClusterError(
            .imageUnavailable, "Users for an image could not be made: \(String(cString: strerror(errno))).",
            remedy: "Run outside a container, or in a privileged one.")
    }
}
#endif

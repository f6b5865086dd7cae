#if os(Linux)
import CNamespaces
import Foundation
import Glibc

/// A connection to the process that holds a cluster together: its maker's, or that of any other process of this user's.
///
/// What the lifeline tells is read by a thread, into ``reports``. It tells everybody the same.
final class LifelineConnection: Sendable {
    let reports: Reports
    /// -1 when it is closed. The thread closes it, so that nobody reads from what has its number by then.
    private let socket: Locked<Int32>
    /// Whether the cluster ends with the connection: then it is closed on purpose only.
    let isMakers: Bool
    private let nextValue = Locked<Int64>(0)

    /// Takes over a socket that is connected.
    init(_ descriptor: Int32, isMakers: Bool, nodes: [String]) throws {
        let reports = Reports(nodes: nodes)
        let socket = Locked(descriptor)
        (self.reports, self.socket, self.isMakers) = (reports, socket, isMakers)
        do {
            try BlockingThread.start {
                reports.read(from: descriptor)
                socket.withLock {
                    Glibc.close($0)
                    $0 = -1
                }
            }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    deinit { if !isMakers { close() } }

    /// Requests and reports that older versions would not understand need another name.
    private static let file = "lifeline.sock"

    /// A socket in a cluster's folder, which only this user may enter, on which the lifeline is going to listen.
    static func listen(in workspace: Workspace) throws -> Int32 {
        let path = "\(workspace.folder)/\(file)"
        let descriptor = packetSocket(Int32(SOCK_NONBLOCK.rawValue))
        guard UnixSocket.withAddress(path, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 128) == 0 else {
            let cause = String(cString: strerror(errno))
            Glibc.close(descriptor)
            throw ClusterError(.provisioningFailed, "The socket \(path) could not be made: \(cause).")
        }
        return descriptor
    }

    /// What the kernel calls the user namespace of this process, in which everybody is who may ask.
    static func ownUsers() throws -> (UInt64, UInt64) {
        var status = stat()
        guard stat("/proc/self/ns/user", &status) == 0 else {
            throw ClusterError(
                .provisioningFailed, "/proc/self/ns/user can't be read: \(String(cString: strerror(errno))).")
        }
        return (UInt64(status.st_dev), UInt64(status.st_ino))
    }

    /// Connects to the lifeline of a cluster that was found.
    ///
    /// - Throws: ``ClusterError`` with the code `clusterLost` if nobody listens any more.
    static func open(_ cluster: NamespaceCluster) throws -> LifelineConnection {
        let path = "\(cluster.summary.folder)/\(file)"
        let descriptor = packetSocket()
        if cluster.summary.workspace.opened != nil,
            UnixSocket.withAddress(path, { connect(descriptor, $0, $1) }) == 0, ns_introduce(descriptor) == 0
        {
            return try LifelineConnection(descriptor, isMakers: false, nodes: cluster.nodes.map(\.name))
        }
        let isMissing = errno == ENOENT
        Glibc.close(descriptor)
        guard isMissing else { throw cluster.lost }
        throw ClusterError(
            .noCluster, "Cluster \(cluster.summary.name) does not answer: its socket \(path) is missing.",
            remedy:
                "Another version may have started it: remove it (`cluster-fixture down \(cluster.summary.name)`).")
    }

    /// Asks for something.
    ///
    /// - Parameters:
    ///   - kind: The kind of request.
    ///   - node: The index of the node that is meant, if one is.
    /// - Returns: An errno, or 0; and the descriptor that came with the answer, which is the caller's to close, or -1.
    /// - Throws: ``LostLifeline``; `CancellationError`.
    func ask(_ kind: Int, node: Int = -1) async throws -> (code: Int32, descriptor: Int32) {
        let value = nextValue.withLock {
            $0 += 1
            return $0
        }
        var request = ns_request(kind: Int32(kind), node: Int32(node), value: value)
        return try await reports.answer(to: value) {
            socket.withLock { _ = send($0, &request, MemoryLayout<ns_request>.size, Int32(MSG_NOSIGNAL)) }
        }
    }

    /// Ends it: with the maker's, the cluster ends, unless it stays.
    func close() {
        // A child of this process may hold a copy of it, so closing it would not do.
        socket.withLock { if $0 >= 0 { shutdown($0, Int32(SHUT_RDWR)) } }
    }

    private static func packetSocket(_ flags: Int32 = 0) -> Int32 {
        Glibc.socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue) | flags, 0)
    }
}
#endif

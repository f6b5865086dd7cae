#if os(Linux)
import CNamespaces
import Foundation
import Glibc

extension NamespaceCluster {
    /// The node's first process starts the program: it is in the node's namespaces already, knows its limits, and nobody
    /// outside, whether root or not, has to be let in.
    func execute(_ words: [String], on node: String, streams: ProgramStreams) async throws -> Int32 {
        try check(words, for: node)
        let text = words.reduce(into: [UInt8]()) { $0 += Array($1.utf8) + [0] }
        guard text.count <= Int(NS_MOST_WORDS), words.count <= 4096 else {
            throw ClusterError(
                .invalidConfiguration,
                "The command for \(node) is too long: a program gets at most 4096 words and \(NS_MOST_WORDS) bytes.",
                node: node)
        }
        let channel = try await channel(to: node)
        defer { close(channel) }
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw ClusterError(
                .provisioningFailed, "No socket pair could be made: \(String(cString: strerror(errno))).")
        }
        let (own, nodes) = (ends[0], ends[1])
        defer { close(own) }
        let sent = text.withUnsafeBytes {
            ns_execute(channel, $0.baseAddress, $0.count, [streams.input, streams.output, streams.error], nodes)
        }
        close(nodes)
        let status = sent == 0 ? await exitStatus(from: own) : nil
        try Task.checkCancellation()
        if let status { return status.shellCode }
        let hasEnded = try await states()[node] != .running
        throw ClusterError(
            .connectionLost,
            hasEnded
                ? "\(node) ended while `\(words[0])` was to run on it."
                : "\(node) can't run `\(words[0])`: as many programs as it can take run there already.", node: node)
    }

    /// Nil if none came. If the task is cancelled, the node sees the other end closed, and kills the program.
    private func exitStatus(from socket: Int32) async -> WaitStatus? {
        await withTaskCancellationHandler {
            await BlockingThread.run {
                var status: Int32 = 0
                var count: Int
                repeat { count = recv(socket, &status, 4, 0) } while count < 0 && errno == EINTR
                return count == 4 ? WaitStatus(status) : nil
            }
        } onCancel: {
            shutdown(socket, Int32(SHUT_RDWR))
        }
    }
}
#endif

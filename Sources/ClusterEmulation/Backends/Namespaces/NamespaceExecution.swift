#if os(Linux)
import CNamespaces
import Foundation
import Glibc

extension NamespaceCluster {
    /// The node's first process starts the program: it is in the node's namespaces already, knows its limits, and nobody
    /// outside, whether root or not, has to be let in.
    func execute(_ words: [String], on node: String, streams: ProgramStreams) async throws -> Int32 {
        try check(words, for: node)
        let channel = try await channel(to: node)
        defer { close(channel) }
        let status = try await execute(words, by: channel, streams: streams, for: node)
        if let status, status >= 0 { return WaitStatus(status).shellCode }
        if status != nil {
            throw ClusterError(
                .connectionLost, "\(node) can't run `\(words[0])`: it is paused.", node: node,
                remedy: "Resume it first (`resume`).")
        }
        let hasEnded = try await states()[node] != .running
        throw ClusterError(
            .connectionLost,
            hasEnded
                ? "\(node) ended while `\(words[0])` was to run on it."
                : "\(node) can't run `\(words[0])`: as many programs as it can take run there already.", node: node)
    }

    /// Runs a program of this machine's as the cluster's root in the cluster's own network, where the ports of its bridges are. It ends
    /// with the cluster; if the task is cancelled, it is killed.
    ///
    /// - Parameters:
    ///   - words: The program, by its path or its name on the PATH, and its arguments.
    ///   - streams: The program's standard streams. They stay the caller's to close.
    /// - Returns: The exit code, or 128 plus the number of the signal that ended it; 126 or 127 if it can't be run.
    /// - Throws: ``ClusterError`` if the cluster is gone; `CancellationError`.
    func executeInNetwork(_ words: [String], streams: ProgramStreams) async throws -> Int32 {
        let channel = try await networkChannel()
        defer { close(channel) }
        guard let status = try await execute(words, by: channel, streams: streams, for: nil) else {
            _ = try await states()
            throw ClusterError(
                .provisioningFailed,
                "`\(words[0])` can't be run in the network of cluster \(summary.name): too many programs run there already."
            )
        }
        return WaitStatus(status).shellCode
    }

    private func execute(
        _ words: [String], by channel: Int32, streams: ProgramStreams, for node: String?
    ) async throws -> Int32? {
        let text = words.reduce(into: [UInt8]()) { $0 += Array($1.utf8) + [0] }
        guard text.count <= Int(NS_MOST_WORDS), words.count <= 4096 else {
            throw ClusterError(
                .invalidConfiguration,
                "The command\(node.map { " for \($0)" } ?? "") is too long: a program gets at most 4096 words and \(NS_MOST_WORDS) bytes.",
                node: node)
        }
        return try await answer { asker in
            text.withUnsafeBytes {
                ns_execute(channel, $0.baseAddress, $0.count, [streams.input, streams.output, streams.error], asker)
            }
        }
    }

    /// Asks for something with a socket of its own for the answer.
    ///
    /// - Returns: The answer; nil if none came.
    /// - Throws: ``ClusterError``; `CancellationError`.
    func answer(to send: (Int32) -> Int32) async throws -> Int32? {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw ClusterError(
                .provisioningFailed, "No socket pair could be made: \(String(cString: strerror(errno))).")
        }
        let (own, asker) = (ends[0], ends[1])
        defer { close(own) }
        let sent = send(asker)
        close(asker)
        let answer = sent == 0 ? await number(from: own) : nil
        try Task.checkCancellation()
        return answer
    }

    /// Nil if none came. If the task is cancelled, whoever was to answer sees the other end closed, and kills the program that was asked
    /// for.
    private func number(from socket: Int32) async -> Int32? {
        await withTaskCancellationHandler {
            await BlockingThread.run {
                var number: Int32 = 0
                var count: Int
                repeat { count = recv(socket, &number, 4, 0) } while count < 0 && errno == EINTR
                return count == 4 ? number : nil
            }
        } onCancel: {
            shutdown(socket, Int32(SHUT_RDWR))
        }
    }
}
#endif

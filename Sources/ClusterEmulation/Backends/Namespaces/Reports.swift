#if os(Linux)
import CNamespaces
import Foundation
import Glibc

/// What a cluster's processes tell of themselves, read by a thread of its own until the last of them has ended.
final class Reports: Sendable {
    private struct Board {
        var hasUsers = false
        var hasNetwork = false
        var isConnected = false
        var ended: [Int: Int] = [:]
        var failure: (node: Int, code: Int32, step: String)?
        var isOver = false
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextTicket = 0
    }

    private let board = Locked(Board())

    /// The exit codes of the nodes that have ended; nil if the whole cluster has.
    var ended: [Int: Int]? { board.withLock { $0.isOver ? nil : $0.ended } }

    func read(from descriptor: Int32) throws {
        try BlockingThread.start {
            var report = ns_report()
            let size = MemoryLayout<ns_report>.size
            while true {
                let count = Glibc.read(descriptor, &report, size)
                if count < 0, errno == EINTR { continue }
                guard count == size else { break }
                self.note(report)
            }
            close(descriptor)
            self.change { $0.isOver = true }
        }
    }

    private func note(_ report: ns_report) {
        let node = Int(report.node)
        change { board in
            switch Int(report.kind) {
            case Int(NS_USERS): board.hasUsers = true
            case Int(NS_NETWORK): board.hasNetwork = true
            case Int(NS_CONNECTED): board.isConnected = true
            case Int(NS_ENDED):
                let status = report.code
                board.ended[node] = Int(status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f))
            default:
                let step = withUnsafeBytes(of: report.step) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if board.failure == nil { board.failure = (node, report.code, step) }
            }
        }
    }

    private func change(_ body: (inout Board) -> Void) {
        let waiting = board.withLock { board in
            body(&board)
            defer { board.waiting = [:] }
            return board.waiting.values
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns when the cluster's users can be mapped.
    func users() async throws { try await wait { $0.hasUsers } }

    /// Returns when the cluster's network can be joined.
    func network(log: String) async throws { try await wait(log: log) { $0.hasNetwork } }

    /// Returns the first node that has ended, with its exit code. A node that could not be started has said why before.
    func firstEnd() async throws -> (node: Int, code: Int) {
        try await wait { !$0.ended.isEmpty }
        let ended = board.withLock { $0.ended }
        return ended.min { $0.key < $1.key }.map { ($0.key, $0.value) } ?? (0, 0)
    }

    /// Returns when the cluster is connected to the outside.
    func connected(log: String) async throws { try await wait(log: log) { $0.isConnected } }

    /// The file `log` has what a program wrote on which the cluster's start depends.
    private func wait(log: String, until isDone: @escaping @Sendable (Board) -> Bool) async throws {
        do { try await wait(until: isDone) } catch let error as ClusterError {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw ClusterError(error.code, error.message, log: ClusterError.lastLines(text))
        }
    }

    /// Returns when a node has ended.
    func waitForEnd(of node: Int) async throws { try await wait(evenAfterFailure: true) { $0.ended[node] != nil } }

    private func wait(evenAfterFailure: Bool = false, until isDone: @escaping @Sendable (Board) -> Bool) async throws {
        while true {
            let state = board.withLock { $0 }
            try Task.checkCancellation()
            if !evenAfterFailure, let failure = state.failure {
                let place = failure.node < 0 ? "The cluster" : "node\(failure.node + 1)"
                throw ClusterError(
                    .provisioningFailed,
                    "\(place) could not be started: \(failure.step): \(String(cString: strerror(failure.code))).")
            }
            if isDone(state) { return }
            if state.isOver {
                throw ClusterError(.provisioningFailed, "The process that holds the cluster together has ended.")
            }
            await nextChange(after: state)
        }
    }

    /// Returns when something has changed since `state` was seen, or the task is cancelled.
    private func nextChange(after state: Board) async {
        let ticket = board.withLock { board in
            board.nextTicket += 1
            return board.nextTicket
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isStale = board.withLock { board in
                    let changed =
                        board.hasUsers != state.hasUsers || board.hasNetwork != state.hasNetwork
                        || board.isConnected != state.isConnected
                        || board.ended.count != state.ended.count || (board.failure == nil) != (state.failure == nil)
                        || board.isOver != state.isOver || Task.isCancelled
                    if !changed { board.waiting[ticket] = continuation }
                    return changed
                }
                if isStale { continuation.resume() }
            }
        } onCancel: {
            board.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
        }
    }
}
#endif

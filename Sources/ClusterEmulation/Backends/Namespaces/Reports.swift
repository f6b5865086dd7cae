#if os(Linux)
import CNamespaces
import Foundation
import Glibc

/// Says that the process that holds a cluster together has ended, and so the cluster has.
struct LostLifeline: Error {}

/// What a cluster's processes tell: how the start goes, which nodes have ended, and the answers to requests.
final class Reports: Sendable {
    private struct Board {
        var hasUsers = false
        var hasNetwork = false
        var isConnected = false
        /// The nodes that have ended and not been started again, in the order in which they ended, each with a number of its end's.
        var ends: [(node: Int, code: Int, number: Int, date: Date)] = []
        var lastEnd = 0
        var failure: ClusterError?
        /// The requests that somebody waits for, and their answers.
        var asked: Set<Int64> = []
        var answers: [Int64: (code: Int32, descriptor: Int32)] = [:]
        var isOver = false
        /// Grows with every change.
        var version = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextTicket = 0
    }

    private let nodes: [String]
    private let board = Locked(Board())

    /// - Parameter nodes: The nodes' names.
    init(nodes: [String]) { self.nodes = nodes }

    /// Reads what comes until the other end is closed.
    func read(from descriptor: Int32) {
        var report = ns_report()
        var attached: Int32 = -1
        while ns_receive(descriptor, &report, &attached) == 1 { note(report, attached) }
        change { $0.isOver = true }
    }

    private func note(_ report: ns_report, _ descriptor: Int32) {
        let node = Int(report.node)
        change { board in
            switch Int(report.kind) {
            case Int(NS_USERS): board.hasUsers = true
            case Int(NS_NETWORK): board.hasNetwork = true
            case Int(NS_CONNECTED): board.isConnected = true
            case Int(NS_ENDED):
                let status = WaitStatus(report.code)
                board.lastEnd += 1
                board.ends.append((node, Int(status.shellCode), board.lastEnd, Date()))
            case Int(NS_STARTED): board.ends.removeAll { $0.node == node }
            case Int(NS_ANSWER):
                if board.asked.contains(report.value) {
                    board.answers[report.value] = (report.code, descriptor)
                } else if descriptor >= 0 {
                    close(descriptor)
                }
            default: if board.failure == nil { board.failure = failure(report) }
            }
        }
    }

    private func failure(_ report: ns_report) -> ClusterError {
        let step = withUnsafeBytes(of: report.step) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let node = nodes.indices.contains(Int(report.node)) ? nodes[Int(report.node)] : nil
        return ClusterError(
            .provisioningFailed,
            "\(node ?? "The cluster") could not be started: \(step): \(String(cString: strerror(report.code))).",
            node: node)
    }

    private func change(_ body: (inout Board) -> Void) {
        let waiting = board.withLock { board in
            body(&board)
            board.version += 1
            defer { board.waiting = [:] }
            return board.waiting.values
        }
        for continuation in waiting { continuation.resume() }
    }
}

extension Reports {
    /// Returns when the cluster's users can be mapped.
    func users() async throws { _ = try await wait { $0.hasUsers ? true : nil } }

    /// Returns when the cluster's network can be joined. The file `log` has what a program wrote on which that depends.
    func network(log: String) async throws { try await started(log) { $0.hasNetwork } }

    /// Returns when the cluster is connected to the outside.
    func connected(log: String) async throws { try await started(log) { $0.isConnected } }

    private func started(_ log: String, until isDone: @escaping @Sendable (Board) -> Bool) async throws {
        do {
            _ = try await wait { isDone($0) ? true : nil }
        } catch let error as ClusterError {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw ClusterError(error.code, error.message, node: error.node, log: ClusterError.lastLines(text))
        }
    }

    /// The first node that has ended after an end of some number, as soon as there is one, and its own end's number.
    ///
    /// - Throws: ``ClusterError`` if a node could not be started; ``LostLifeline``; `CancellationError`.
    func end(after number: Int) async throws -> (node: Int, code: Int, number: Int) {
        let end = try await wait { $0.ends.first { $0.number > number } }
        return (end.node, end.code, end.number)
    }

    /// Returns when a node has ended.
    func ended(_ node: Int) async throws {
        _ = try await wait(evenAfterFailure: true) { $0.ends.contains { $0.node == node } ? true : nil }
    }

    /// The exit codes of the nodes that have ended and not been started again.
    var exitCodes: [Int: Int] {
        Dictionary(board.withLock { $0.ends }.map { ($0.node, $0.code) }) { first, _ in first }
    }

    /// When they have ended, as far as this process was there.
    var endDates: [Int: Date] {
        Dictionary(board.withLock { $0.ends }.map { ($0.node, $0.date) }) { first, _ in first }
    }

    /// Sends a request, and returns when the lifeline has answered it.
    func answer(
        to value: Int64, sending: () -> Void
    ) async throws -> (code: Int32, descriptor: Int32) {
        board.withLock { _ = $0.asked.insert(value) }
        sending()
        do {
            let answer = try await wait(evenAfterFailure: true) { $0.answers[value] }
            _ = forget(value)
            return answer
        } catch {
            if let descriptor = forget(value)?.descriptor, descriptor >= 0 { close(descriptor) }
            throw error
        }
    }

    private func forget(_ value: Int64) -> (code: Int32, descriptor: Int32)? {
        board.withLock { board in
            board.asked.remove(value)
            return board.answers.removeValue(forKey: value)
        }
    }

    private func wait<Value>(
        evenAfterFailure: Bool = false, until found: @escaping @Sendable (Board) -> Value?
    ) async throws -> Value {
        while true {
            let state = board.withLock { $0 }
            try Task.checkCancellation()
            if !evenAfterFailure, let failure = state.failure { throw failure }
            if let value = found(state) { return value }
            if state.isOver { throw LostLifeline() }
            await nextChange(after: state.version)
        }
    }

    /// Returns when something has changed since a version was seen, or the task is cancelled.
    private func nextChange(after version: Int) async {
        let ticket = board.withLock { board in
            board.nextTicket += 1
            return board.nextTicket
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isStale = board.withLock { board in
                    let changed = board.version != version || Task.isCancelled
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

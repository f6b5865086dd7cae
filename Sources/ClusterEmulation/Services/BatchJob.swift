import Foundation

/// A job of a batch system, as it was when it was asked about.
public struct BatchJob: Sendable, Hashable {
    /// What has become of a job.
    public enum State: String, Sendable, Hashable {
        /// It waits for its turn.
        case pending
        /// It waits until somebody releases it.
        case held
        /// It runs, or is just being started or ended.
        case running
        /// It has ended by itself with the exit code 0.
        case completed
        /// It has ended otherwise: with another exit code, by a signal, at a limit.
        case failed
        /// Somebody has taken it out of the queue, or ended it.
        case cancelled

        /// Whether nothing more becomes of it.
        public var isEnd: Bool { [.completed, .failed, .cancelled].contains(self) }
    }

    /// How the batch system calls it.
    public let id: String
    /// The name that its user gave it, or else what it runs.
    public let name: String
    /// Whose it is.
    public let user: String
    /// What has become of it.
    public let state: State
    /// Its exit code once it has ended by itself, and 128 plus the signal's number if one has ended it; nil where there is none.
    public let exitCode: Int?
    /// The names of the nodes that it runs on, or has run on.
    public let nodes: [String]
}

extension BatchJob.State {
    /// What has become of a job of several parts: what is still to come counts first, then what went wrong.
    static func combined(_ states: [Self]) -> Self? {
        [.running, .pending, .held, .cancelled, .failed, .completed].first(where: states.contains)
    }
}

extension BatchJob {
    /// One job of several parts, such as the tasks of an array.
    static func combined(_ parts: [BatchJob], id: String) -> BatchJob? {
        guard let first = parts.first, let state = State.combined(parts.map(\.state)) else { return nil }
        let codes = parts.compactMap(\.exitCode)
        var nodes: [String] = []
        for node in parts.flatMap(\.nodes) where !nodes.contains(node) { nodes.append(node) }
        return BatchJob(
            id: id, name: first.name, user: first.user, state: state, exitCode: codes.first { $0 != 0 } ?? codes.first,
            nodes: nodes)
    }

    /// A script or description that is a file of this machine.
    ///
    /// - Throws: ``ClusterError`` with the code `transferFailed`.
    static func text(of path: String) throws -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ClusterError(
                .transferFailed, "\(ClusterConfiguration.printable(path)) can't be read, or is not text.")
        }
        return text
    }

    /// What it is when a batch system does not take a job.
    static func refusal(of name: String, by system: String, _ result: CommandResult) -> ClusterError {
        let words = (result.standardError + result.standardOutput).split(whereSeparator: \.isNewline)
        return ClusterError(
            .commandFailed,
            "\(system) did not take \(ClusterConfiguration.printable(name)) from \(result.user) on \(result.node): \(ClusterError.sentence(words.joined(separator: " ")))",
            node: result.node)
    }

    /// Asks about a job until it has ended.
    ///
    /// - Throws: ``ClusterError`` with the code `timedOut`.
    static func end(
        of id: String, within limit: Duration, on cluster: String,
        _ ask: @escaping @Sendable () async throws -> BatchJob?
    ) async throws -> BatchJob {
        do {
            return try await withDeadline(limit) {
                while true {
                    if let job = try await ask(), job.state.isEnd { return job }
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
        } catch is DeadlineExceeded {
            let job = try await ask()
            if let job, job.state.isEnd { return job }
            let state = job.map { "it is \($0.state.rawValue)" } ?? "nothing is known of it"
            throw ClusterError(
                .timedOut, "Job \(id) of cluster \(cluster) did not end within \(limit.inSeconds): \(state).")
        }
    }

    /// Finds a job that was submitted. What a batch system has taken out of its queue it may tell of only a little later.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if there is none.
    static func found(
        _ id: String, on cluster: String, _ ask: @escaping @Sendable () async throws -> BatchJob?
    ) async throws -> BatchJob {
        for attempt in 0..<30 {
            if attempt > 0 { try await Task.sleep(for: .milliseconds(100)) }
            if let job = try await ask() { return job }
        }
        throw ClusterError(.commandFailed, "Cluster \(cluster) has no job \"\(ClusterConfiguration.printable(id))\".")
    }
}

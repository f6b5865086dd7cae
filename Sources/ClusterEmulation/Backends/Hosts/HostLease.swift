import CScripts
import Foundation
import Subprocess

#if canImport(System)
import System
#else
import SystemPackage
#endif

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A machine that is taken for a cluster: a connection to a shell there that holds it, and leaves it as it was when the connection ends.
///
/// The shell runs `CScripts/hold-host.sh`, which comes through the connection too. It ends when this process does, however that ends:
/// nobody else has the other end of its standard input.
final class HostLease: Sendable {
    private let lifeline: FileDescriptor
    private let process: Task<Void, Never>
    private let heard: HeardLines
    /// Where the cluster's folder is to be.
    private let folder: String
    /// How ssh has ended, if it could be started. Who waits for this hears of a deadline; who waits for a task's value does not.
    private let ended: Once<Int32?>
    private let isClosed = Locked(false)

    /// What becomes of a machine that is wanted.
    enum Answer {
        case held(HostLease, Facts)
        /// Another cluster has it; who, in its own words.
        case busy(holder: String)
        /// It can't be had, for this reason.
        case refused(String)
        /// Neither a login nor a refusal came within this time.
        case silent(Duration, complaint: String)
        /// There was no login, or it was lost: how ssh has ended, and what it said.
        case unreachable(exitCode: Int32, complaint: String)
    }

    private init(
        _ command: Command, _ heard: HeardLines, folder: String, lifeline: FileDescriptor, input: FileDescriptor
    ) {
        (self.lifeline, self.heard, self.folder) = (lifeline, heard, folder)
        let ended = Once<Int32?>()
        self.ended = ended
        process = Task {
            let code = try? await Subprocess.run(
                command.executable, arguments: Arguments(command.arguments), environment: command.subprocessEnvironment,
                input: .fileDescriptor(input, closeAfterSpawningProcess: true), output: .sequence,
                error: .combinedWithOutput
            ) { execution in
                for try await line in execution.standardOutput.strings() { heard.take(line) }
            }.terminationStatus.shellCode
            ended.settle(code)
            heard.end()
        }
    }

    /// Takes a machine.
    ///
    /// - Parameters:
    ///   - ssh: `ssh` and its words up to the destination.
    ///   - cluster: Whose it is to be.
    ///   - base: Where the cluster's folder is to be.
    ///   - login: Who works there.
    ///   - owner: Who takes it, and for what, for others who want it.
    ///   - limit: How long nothing may be heard of it. A machine takes its time where it cleans up first.
    /// - Returns: What becomes of it.
    /// - Throws: `CancellationError`; ``ClusterError`` if no process can be started.
    static func take(
        _ ssh: [String], cluster: ClusterID, base: String, login: String, owner: [String],
        within limit: Duration = .seconds(60)
    ) async throws -> Answer {
        let (reading, writing) = try StreamSocket.pair()
        Forks.keepFromChildren(writing.rawValue)
        let heard = HeardLines()
        let script = String(cString: host_holding_script())
        let line = Self.line(script, [heard.mark, "hold", "\(cluster)", base, login] + owner)
        let lease = HostLease(
            Command("ssh", ssh + [line]), heard, folder: "\(base)/cf-\(cluster)", lifeline: writing, input: reading)
        lease.tell(script)
        return try await withTaskCancellationHandler {
            try await lease.answer(within: limit)
        } onCancel: {
            lease.letGo()
        }
    }

    /// Waits for what becomes of it.
    private func answer(within limit: Duration) async throws -> Answer {
        var (count, since) = (0, ContinuousClock.now)
        while true {
            if Task.isCancelled {
                await giveUp()
                throw CancellationError()
            }
            let (isOver, lines) = (self.isOver, heard.lines)
            if let answer = lines.first(where: { !$0.hasPrefix("over ") }) {
                let remains = lines.filter { $0.hasPrefix("over ") }.map { String($0.dropFirst("over ".count)) }
                if let answer = await self.answer(answer, remains) { return answer }
            }
            if isOver { return lost() }
            if lines.count > count { (count, since) = (lines.count, .now) }
            let left = since + limit - .now
            if left <= .zero {
                await giveUp()
                return .silent(limit, complaint: complaint)
            }
            await heard.more(than: count, within: left)
        }
    }

    /// A line for whatever shell the user has there, which reads a script of so many bytes and runs it: a process table does not show it.
    private static func line(_ script: String, _ words: [String]) -> String {
        let reading = "text=$(head -c \(script.utf8.count)); eval \"$text\""
        return (["exec", "/bin/sh", "-c", reading, "cluster-fixture-host"] + words).map(shellQuoted).joined(
            separator: " ")
    }

    private func answer(_ line: String, _ remains: [String]) async -> Answer? {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = words.count == 2 ? words[1] : ""
        switch words.first {
        case "held":
            if let facts = Facts(rest, folder: folder, remains: remains) { return .held(self, facts) }
            await giveUp()
            return .refused(
                "it names another folder than the cluster's, or an address that is none (\(ClusterConfiguration.printable(rest)))"
            )
        case "busy":
            await giveUp()
            return .busy(holder: rest)
        case "refused":
            await giveUp()
            return .refused(rest)
        default: break
        }
        return nil
    }

    private func lost() -> Answer {
        close()
        return .unreachable(exitCode: (ended.known ?? nil) ?? 255, complaint: complaint)
    }
}

extension HostLease {
    /// Whether the connection is lost, or was ended.
    var isOver: Bool { ended.known != nil }

    /// What anything but the shell itself has said.
    var complaint: String { heard.complaint }

    /// Leaves the machine: what was started there is ended, and the cluster's folder removed.
    ///
    /// - Parameter limit: How long that may take.
    /// - Returns: Nil when that is so; else why not.
    func end(within limit: Duration = .seconds(60)) async -> String? {
        tell("end\n")
        let isInTime = await ends(within: limit)
        close()
        let lines = heard.lines
        if lines.contains("ended") { return nil }
        if let refused = lines.last(where: { $0.hasPrefix("refused ") }) {
            return String(refused.dropFirst("refused ".count))
        }
        await abandon()
        return !isInTime ? "it does not answer" : complaint.isEmpty ? "its connection was lost" : complaint
    }

    /// Lets the machine stay taken when this process ends.
    ///
    /// - Throws: ``ClusterError`` if it can't be told.
    func stay(on node: String) async throws {
        let count = heard.lines.count
        tell("stay\n")
        await heard.more(than: count, within: .seconds(20))
        guard heard.lines.last == "stays" else {
            throw ClusterError(
                .connectionLost, "The lock of \(node) can't be kept for the cluster: \(complaint)", node: node)
        }
        // The shell goes on without it.
        process.cancel()
        close()
        await abandon()
    }

    /// Ends it without a word: whatever is there leaves the machine by itself.
    private func giveUp() async {
        letGo()
        if await !ends(within: .seconds(3)) { await abandon() }
        close()
    }

    /// Ends what carries it here. Whatever else has its streams is not waited for long.
    private func abandon() async {
        process.cancel()
        _ = await ends(within: .seconds(3))
    }

    /// Whether it ends in time, also in a task that is cancelled.
    private func ends(within limit: Duration) async -> Bool {
        await Task { [ended] in (try? await withDeadline(limit) { _ = try await ended.value }) != nil }.value
    }

    private func letGo() { isClosed.withLock { if !$0 { shutdown(lifeline.rawValue, Int32(SHUT_WR)) } } }

    private func close() {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        if !wasClosed { Forks.close(lifeline.rawValue) }
    }

    private func tell(_ text: String) {
        isClosed.withLock { if !$0 { StreamSocket.tell(text, to: lifeline) } }
    }
}

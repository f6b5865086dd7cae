import CScripts
import Foundation

/// A shell line that runs on a node, and is ended there when nobody waits for it any more.
///
/// OpenSSH's client can't pass signals on, and what sshd has started goes on when its client is gone. sshd gives each line a session of its
/// own, led by the shell that reads it. So that shell first tells its number, on standard error and behind a mark that nobody else
/// knows. The session is then ended by another line over the same connection; where that does not get through, by the backend.
///
/// A start-up file of the user's can find the mark on its shell's command line, and tell another number. So the backend, which may end
/// anything, ends the session only if it is the user's.
package final class RemoteCommand: Sendable {
    /// Bytes as they come, of standard output or standard error.
    package typealias Reader = @Sendable (ArraySlice<UInt8>) -> Void

    private struct Printed {
        var output: [UInt8] = []
        var error: [UInt8] = []
        /// What came on standard error as long as the shell had not told its number.
        var held: [UInt8]? = []
    }

    private let route: NodeRoute
    private let mark = "cluster-fixture-\(UInt64.random(in: 0 ... .max))"
    private let printed = Locked(Printed())
    private let onOutput: Reader
    private let onError: Reader
    private let onEnd: @Sendable () -> Void
    /// The process that leads its session; nil if it has ended without telling.
    private let leader = Once<String?>()
    private let outcome = Once<Result<CommandOutput, any Error>>()
    private let program = Locked<Task<Void, Never>?>(nil)
    private let isToEnd = Locked(false)

    /// Starts it.
    ///
    /// - Parameters:
    ///   - line: The shell line.
    ///   - route: How it gets to its node and user.
    ///   - environment: Variables that it sees.
    ///   - input: What it reads.
    ///   - onOutput: Gets what it writes to standard output as it comes, on another thread.
    ///   - onError: Gets what it writes to standard error, on the same thread.
    ///   - onEnd: Is called when nothing more will be read and nothing more come, before anybody is told that it has ended.
    /// - Throws: ``ClusterError`` if the node can't be reached.
    package init(
        _ line: String, by route: NodeRoute, environment: [String: String] = [:],
        input: ProgramPipes.Input = .bytes([]), onOutput: @escaping Reader = { _ in },
        onError: @escaping Reader = { _ in }, onEnd: @escaping @Sendable () -> Void = {}
    ) async throws {
        (self.route, self.onOutput, self.onError, self.onEnd) = (route, onOutput, onError, onEnd)
        // A shell with a trap does not become its last program, of whose end by a signal it can tell as shells do: 128 and its number.
        let carriage = try await route.carriage(
            of: "echo \(mark) $$ >&2; trap : EXIT; \(line)", environment: environment)
        // What it does is not cancelled with whoever waits for it: they end it on the node first.
        let task = Task {
            let outcome = await self.run(carriage, input)
            await carriage.leave()
            self.onEnd()
            self.outcome.settle(outcome)
        }
        program.withLock { $0 = task }
    }

    private func run(_ carriage: Carriage, _ input: ProgramPipes.Input) async -> Result<CommandOutput, any Error> {
        do {
            let code = try await ProgramPipes.run(input: input.behind(carriage.input)) { bytes in
                self.printed.withLock { $0.output += bytes }
                self.onOutput(bytes)
            } onError: { bytes in
                self.take(error: bytes)
            } program: { streams in
                try await carriage.command.run(streams: streams)
            }
            let hasBegun = leader.known != nil
            leader.settle(nil)
            // Of a line that has never begun, what was said is ssh's own complaint, or its shell's.
            release(isShown: hasBegun || code != 255)
            let output = output(code == 255 && isToEnd.withLock { $0 } ? Self.terminated : code)
            try await carriage.requireConnection(output, hasBegun)
            return .success(output)
        } catch {
            leader.settle(nil)
            // Nothing but this command itself cancels it.
            return error is CancellationError ? .success(output(Self.terminated)) : .failure(error)
        }
    }

    /// Waits for its end: nil if it was to end, or its connection was lost.
    package var untouched: CommandOutput? {
        get async {
            let outcome = try? await self.outcome.value
            return isToEnd.withLock { $0 } ? nil : try? outcome?.get()
        }
    }

    /// What it has printed and how it ended; nil as long as it runs.
    package var ended: CommandOutput? { outcome.known.flatMap { try? $0.get() } }

    /// What it has printed so far.
    package var soFar: CommandOutput { output(Self.terminated) }

    /// As shells count what SIGTERM has ended. sshd tells no number then.
    private static let terminated = 128 + SIGTERM

    private func output(_ code: Int32) -> CommandOutput {
        let (output, error) = printed.withLock { ($0.output, $0.error) }
        return CommandOutput(output: output, error: error, exitCode: code)
    }

    /// Takes out what the shell says in front of all that the line prints; start-up files may have printed before.
    private func take(error bytes: ArraySlice<UInt8>) {
        var (told, shown): (String?, ArraySlice<UInt8>) = (nil, bytes)
        printed.withLock { printed in
            if let held = printed.held {
                let read = held + bytes
                if let found = Self.leader(in: read, behind: mark) {
                    (told, shown) = (found.number, found.rest)
                    printed.held = nil
                } else {
                    printed.held = read
                    shown = []
                }
            }
            printed.error += shown
        }
        if let told { leader.settle(told) }
        if !shown.isEmpty { onError(shown) }
    }

    /// Finds the number of a process behind the mark. The shell's word is the first that is such a number.
    ///
    /// - Returns: The number, and what was printed besides; nil if no number is there yet.
    static func leader(in printed: [UInt8], behind mark: String) -> (number: String, rest: ArraySlice<UInt8>)? {
        let beginning = Array("\(mark) ".utf8)
        var place = printed.startIndex
        while let found = printed[place...].firstRange(of: beginning),
            let end = printed[found.upperBound...].firstIndex(of: UInt8(ascii: "\n"))
        {
            let word = printed[found.upperBound..<end]
            // No command is led by the first process.
            if (1...10).contains(word.count), word.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(String(decoding: word, as: UTF8.self)), number > 1
            {
                return ("\(number)", printed[..<found.lowerBound] + printed[(end + 1)...])
            }
            place = found.upperBound
        }
        return nil
    }

    /// Takes what was held back for what it has printed.
    private func release(isShown: Bool) {
        let held = printed.withLock { printed in
            let held = printed.held ?? []
            printed.held = nil
            printed.error += held
            return held
        }
        if isShown, !held.isEmpty { onError(held[...]) }
    }
}

extension RemoteCommand {
    /// Says that its time is over, and what it has printed until it was ended.
    package struct TimeExceeded: Error {
        package let output: CommandOutput
    }

    /// Waits for its end. If its time is over first, or the task is cancelled, it is ended on the node.
    ///
    /// - Throws: ``TimeExceeded``; ``ClusterError`` if the node can't be reached; `CancellationError`.
    package func value(within limit: Duration? = nil) async throws -> CommandOutput {
        do {
            let outcome =
                if let limit {
                    try await withDeadline(limit) { try await self.outcome.value }
                } else {
                    try await self.outcome.value
                }
            try Task.checkCancellation()
            return try outcome.get()
        } catch is DeadlineExceeded {
            await end()
            throw TimeExceeded(output: soFar)
        } catch let error as CancellationError {
            await end()
            throw error
        }
    }

    /// Ends it on the node, with all that is in its session, and returns when it has ended.
    ///
    /// A node that does not answer is waited for some seconds. One that is frozen ends it when it goes on.
    package func end() async {
        if outcome.known != nil { return }
        isToEnd.withLock { $0 = true }
        // None of this is cancelled.
        Task { await askToEnd() }
        await Task {
            if await hasEnded(within: .seconds(2)) { return }
            if let leader = leader.known ?? nil, let execute = route.execute {
                let output = try? await withDeadline(.seconds(10)) { [words = words(for: leader, of: route.login)] in
                    try await execute(words)
                }
                if output?.succeeded == true { await letGo() }
            }
            if outcome.known == nil { route.remember(self) }
        }.value
    }

    /// Ends it over the connection that it came by, once it has begun.
    private func askToEnd() async {
        guard let leader = try? await leader.value,
            let command = try? await route.command(words(for: leader).map(shellQuoted).joined(separator: " ")),
            (try? await command.output())?.succeeded == true
        else {
            return await gone()
        }
        await letGo()
    }

    /// What ends a session. Whoever can end others' sessions names the user whose it has to be.
    private func words(for leader: String, of user: String? = nil) -> [String] {
        ["/bin/sh", "-c", String(cString: session_ending_script()), "sh", leader] + (user.map { [$0] } ?? [])
    }

    /// Waits for the end of a command that was ended. A daemon of its that is in another session may hold the connection open.
    private func letGo() async {
        if await !hasEnded(within: .seconds(1)) { abandon() }
        await gone()
    }

    /// Ends what carries it on this machine.
    func abandon() { program.withLock { $0 }?.cancel() }

    /// Returns when nothing of it is left on this machine.
    func gone() async { _ = try? await outcome.value }

    private func hasEnded(within limit: Duration) async -> Bool {
        (try? await withDeadline(limit) { _ = try await self.outcome.value }) != nil
    }
}

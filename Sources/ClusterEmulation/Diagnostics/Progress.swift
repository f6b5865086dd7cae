import Foundation

/// Tells a person what takes longer than a second, in plain lines on standard error.
package final class Progress: Sendable {
    private struct State {
        var lastLine = ContinuousClock.now
        var begun = ContinuousClock.now
        var times = StartTimes()
    }

    private let state = Locked(State())
    private let print: @Sendable (String) -> Void
    private let onDone: @Sendable (StartTimes.Step, Duration) -> Void

    /// - Parameters:
    ///   - print: What to do with a line.
    ///   - onDone: What to do when a step of a start is done, so long after its beginning.
    package init(
        _ print: @escaping @Sendable (String) -> Void = Progress.say,
        onDone: @escaping @Sendable (StartTimes.Step, Duration) -> Void = { _, _ in }
    ) {
        self.print = print
        self.onDone = onDone
    }

    /// A step that may take long: always told.
    package func step(_ text: String) {
        let elapsed = state.withLock {
            $0.lastLine = .now
            return ContinuousClock.now - $0.begun
        }
        print(elapsed < .seconds(1) ? text : "\(text) (after \(Int(elapsed / .seconds(1))) s)")
    }

    /// A step of a start is done.
    package func done(_ step: StartTimes.Step) {
        let elapsed = state.withLock {
            let elapsed = ContinuousClock.now - $0.begun
            $0.times.note(step, elapsed)
            return elapsed
        }
        onDone(step, elapsed)
    }

    /// When the steps so far were done.
    package var times: StartTimes { state.withLock { $0.times } }

    /// A line of a program's own output: told if it begins a step of a build, or after three seconds of silence.
    package func detail(_ line: String) {
        let text = line.trimmingCharacters(in: .whitespaces)
        let beginsStep =
            text.hasPrefix("Step ") || (text.hasPrefix("#") && text.contains(" [") && !text.contains("[internal]"))
        let isDue = state.withLock { ContinuousClock.now - $0.lastLine > .seconds(3) }
        if !text.isEmpty, beginsStep || isDue { step("  " + text.prefix(160)) }
    }

    /// Runs a program that may take long, telling what it prints.
    ///
    /// - Returns: Its exit code, and the last lines of what it printed.
    package func follow(_ command: Command) async throws -> (exitCode: Int32, log: String) {
        let lines = Locked<[String]>([])
        let code = try await command.eachLine { line in
            lines.withLock { $0.append(line) }
            self.detail(line)
        }
        return (code, ClusterError.lastLines(lines.withLock { $0.joined(separator: "\n") }, 30))
    }

    /// Writes one line to standard error.
    package static let say: @Sendable (String) -> Void = { text in
        try? FileHandle.standardError.write(contentsOf: Data("ClusterFixture: \(text)\n".utf8))
    }
}

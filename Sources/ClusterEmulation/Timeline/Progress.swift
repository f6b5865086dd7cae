import Foundation

/// Tells a person what takes longer than a second, in plain lines on standard error.
package final class Progress: TimelineReader {
    private let lastLine = Locked(Duration.zero)
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

    package func read(_ event: Event) {
        switch event.kind {
        case .work: tell(event.detail, at: event.time)
        case .output: tellIfDue(event.detail, at: event.time)
        case .done(let step): onDone(step, event.time)
        default: break
        }
    }

    private func tell(_ text: String, at time: Duration) {
        lastLine.withLock { $0 = time }
        print(time < .seconds(1) ? text : "\(text) (after \(Int(time / .seconds(1))) s)")
    }

    /// A line of a program's own output: told if it begins a step of a build, or after three seconds of silence.
    private func tellIfDue(_ line: String, at time: Duration) {
        let text = line.trimmingCharacters(in: .whitespaces)
        let beginsStep =
            text.hasPrefix("Step ") || (text.hasPrefix("#") && text.contains(" [") && !text.contains("[internal]"))
        let isDue = lastLine.withLock { time - $0 > .seconds(3) }
        if !text.isEmpty, beginsStep || isDue { tell("  " + text.prefix(160), at: time) }
    }

    /// Writes one line to standard error.
    package static let say: @Sendable (String) -> Void = { text in
        try? FileHandle.standardError.write(contentsOf: Data("ClusterFixture: \(text)\n".utf8))
    }
}

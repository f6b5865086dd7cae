/// A line that a command has printed, without its end.
public struct OutputLine: Sendable, Hashable, CustomStringConvertible {
    /// Where a command prints.
    public enum Stream: Sendable, Hashable {
        /// Standard output.
        case standardOutput
        /// Standard error.
        case standardError
    }

    /// Where it was printed.
    public let stream: Stream
    /// What it says, decoded as UTF-8 (other bytes become U+FFFD).
    public let text: String

    /// What it says.
    public var description: String { text }
}

/// Puts together what a command prints, and hands it over line by line.
final class OutputLines: Sendable {
    private let buffers = Locked((output: LineBuffer(), error: LineBuffer()))
    private let onLine: @Sendable (OutputLine) -> Void

    init(_ onLine: @escaping @Sendable (OutputLine) -> Void) { self.onLine = onLine }

    func add(output bytes: ArraySlice<UInt8>) {
        for line in buffers.withLock({ $0.output.add(bytes) }) { tell(line, .standardOutput) }
    }

    func add(error bytes: ArraySlice<UInt8>) {
        for line in buffers.withLock({ $0.error.add(bytes) }) { tell(line, .standardError) }
    }

    /// Hands over what has no end of a line.
    func end() {
        let (output, error) = buffers.withLock { ($0.output.end(), $0.error.end()) }
        if let output { tell(output, .standardOutput) }
        if let error { tell(error, .standardError) }
    }

    private func tell(_ text: String, _ stream: OutputLine.Stream) { onLine(OutputLine(stream: stream, text: text)) }
}

import ClusterEmulation
import Foundation

/// What a person sees on standard error, and programs on standard output.
///
/// Standard output has results only. Colour is for terminals, and not where NO_COLOR is set (no-color.org).
enum Console {
    static let isTerminal = isatty(STDERR_FILENO) == 1
    private static let hasColour = isTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty

    /// - Returns: Whether somebody still reads.
    @discardableResult static func result(_ text: String) -> Bool { write(text, to: .standardOutput) }

    static func note(_ text: String) { _ = write(text, to: .standardError) }

    static func error(_ text: String) { note(colour("cluster-fixture: ", "31") + text) }

    /// A step of a start, with the seconds since its beginning.
    static func step(_ text: String, after elapsed: Duration? = nil) {
        let time = elapsed.map { String(format: "%7.3f s  ", $0 / .seconds(1)) } ?? "           "
        note(colour(time, "2") + text)
    }

    static func strong(_ text: String) -> String { colour(text, "1") }

    /// Rows with columns as wide as need be, two spaces apart.
    static func table(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
                .trimmingTrailingSpaces
        }.joined(separator: "\n")
    }

    private static func colour(_ text: String, _ code: String) -> String {
        hasColour ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }

    private static func write(_ text: String, to handle: FileHandle) -> Bool {
        // Whoever has stopped reading has what they wanted.
        (try? handle.write(contentsOf: Data((text + "\n").utf8))) != nil
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}

extension Timeline {
    /// Of a start at the command line, which tells each step with its time.
    static func console() -> Timeline { Timeline(ClusterEmulation.Progress.console()) }
}

extension ClusterEmulation.Progress {
    fileprivate static func console() -> ClusterEmulation.Progress {
        ClusterEmulation.Progress(
            { Console.step($0) },
            onDone: { step, elapsed in
                switch step {
                case .keys: break
                case .image: Console.step("image", after: elapsed)
                case .nodes: Console.step("nodes", after: elapsed)
                case .banners: break
                case .ready: Console.step("ready", after: elapsed)
                case .services: Console.step("services", after: elapsed)
                }
            })
    }
}

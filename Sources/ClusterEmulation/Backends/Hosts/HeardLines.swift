import Foundation

/// What comes from a shell on another machine: lines of its own, behind a mark that nobody else prints, and what anything else complains of.
final class HeardLines: Sendable {
    let mark = "cluster-fixture-\(UInt64.random(in: 0 ... .max))"
    private let heard = Locked(Heard())

    private struct Heard {
        var lines: [String] = []
        var complaint = ""
        var isOver = false
        /// Is made anew for each wait, and settled when there is something to look at.
        var change = Once<Void>()
    }

    /// The shell's own lines, without the mark.
    var lines: [String] { heard.withLock { $0.lines } }

    /// What anything but the shell itself has said.
    var complaint: String { heard.withLock { $0.complaint }.trimmingCharacters(in: .whitespacesAndNewlines) }

    func take(_ line: String) {
        let line = line.trimmingCharacters(in: .newlines)
        heard.withLock { heard in
            guard line.hasPrefix(mark + " ") else {
                heard.complaint += line + "\n"
                return
            }
            heard.lines.append(String(line.dropFirst(mark.count + 1)))
            heard.change.settle(())
            heard.change = Once()
        }
    }

    /// Nothing more comes.
    func end() {
        heard.withLock { heard in
            heard.isOver = true
            heard.change.settle(())
        }
    }

    /// Returns when the shell has said more than so many lines, or nothing more comes, the time is over, or the task is cancelled.
    func more(than count: Int, within limit: Duration) async {
        let change = heard.withLock { $0.lines.count > count || $0.isOver ? nil : $0.change }
        if let change { try? await withDeadline(limit) { try await change.value } }
    }
}

package import Foundation

/// One thing of a timeline as a line of JSON: something that happened, or that began and lasted.
///
/// Its keys are stable: they are only added, never removed or given another meaning.
package struct TimelineEntry: Codable, Sendable, Hashable {
    /// Seconds from the beginning of the cluster's start.
    package var time: Double
    /// When it was over, in the same seconds; left out if it goes on, or takes no time.
    package var until: Double?
    /// The time of day (ISO 8601, UTC).
    package var at: String
    /// What it is: `command`, `fault`, `killed`, `test` and so on.
    package var kind: String
    /// The nodes that it is about; left out if it is the cluster.
    package var nodes: [String]?
    /// What tells one of its kind from another, where something refers to it.
    package var number: Int?
    package var user: String?
    /// The line of a command, the name of a test, or what else there is to say.
    package var text: String?
    /// Where a test stands.
    package var place: String?
    package var exitCode: Int32?
    /// What it has failed of, where that is not an exit code.
    package var trouble: String?
    /// The last lines of a command's standard output.
    package var output: String?
    /// The last lines of its standard error.
    package var complaint: String?

    /// Whether it has ended in another way than it should.
    package var failed: Bool { trouble != nil || (exitCode ?? 0) != 0 }

    /// Whether it only happened. Faults last as well, but are told by two events.
    var isEvent: Bool { Activity.Kind(rawValue: kind) == nil }

    /// It as one line.
    package var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Of such values it can't fail.
        return String(decoding: (try? encoder.encode(self)) ?? Data(), as: UTF8.self) + "\n"
    }

    /// Reads lines. Those that are none of ours are left out: a process may have died while it wrote.
    package static func all(_ lines: Data) -> [TimelineEntry] {
        lines.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONDecoder().decode(Self.self, from: $0) }
    }

    /// A time of day, to the microsecond, as ``at`` has it.
    static func text(of date: Date) -> String {
        let micros = Int((date.timeIntervalSince1970 * 1e6).rounded())
        let seconds = Date(timeIntervalSince1970: Double(micros / 1_000_000))
        let fraction = String(micros % 1_000_000 + 1_000_000).dropFirst()
        return seconds.formatted(.iso8601).dropLast() + ".\(fraction)Z"
    }

    /// The time of day that ``at`` names; nil if it is none.
    var date: Date? {
        let parts = at.dropLast().split(separator: ".")
        guard parts.count == 2, let date = try? Date(parts[0] + "Z", strategy: .iso8601),
            let fraction = Double("0." + parts[1])
        else { return nil }
        return date + fraction
    }

    /// The same as seen from a cluster's beginning.
    func seen(from beginning: Date) -> TimelineEntry {
        guard let date else { return self }
        var entry = self
        entry.time = Self.seconds(date.timeIntervalSince(beginning))
        entry.until = until.map { Self.seconds(entry.time + $0 - time) }
        return entry
    }

    static func seconds(_ time: Double) -> Double { (time * 1e6).rounded() / 1e6 }
    static func seconds(_ time: Duration) -> Double { seconds(time / .seconds(1)) }
}

extension TimelineEntry {
    init(_ event: Event, since beginning: Date) {
        let seconds = Self.seconds(event.time)
        self.init(
            time: seconds, at: Self.text(of: beginning + seconds), kind: event.kind.word,
            nodes: event.nodes.isEmpty ? nil : event.nodes, number: event.kind.number)
        let words = event.kind.step?.rawValue ?? event.detail
        text = words.isEmpty ? nil : words
    }

    init(_ activity: Activity, since beginning: Date) {
        let seconds = Self.seconds(activity.begin)
        func kept(_ text: String) -> String? { text.isEmpty ? nil : text }
        let secrets = activity.secrets
        self.init(
            time: seconds, until: activity.end.map { Self.seconds($0) }, at: Self.text(of: beginning + seconds),
            kind: activity.kind.rawValue, nodes: activity.node.map { [$0] }, user: activity.user?.rawValue,
            text: kept(activity.text), place: kept(activity.place), exitCode: activity.exitCode,
            trouble: activity.trouble, output: kept(secrets.masked(activity.output)),
            complaint: kept(secrets.masked(activity.complaint)))
    }
}

extension Event.Kind {
    /// What it is called in a timeline's lines.
    var word: String {
        switch self {
        case .work: "work"
        case .output: "output"
        case .done: "step"
        case .proved: "proved"
        case .serviceReady: "ready"
        case .ended: "ended"
        case .killed: "killed"
        case .started: "started"
        case .paused: "paused"
        case .resumed: "resumed"
        case .reset: "reset"
        case .faultBegan: "fault"
        case .faultEnded: "healed"
        case .healed: "healed"
        case .issue: "issue"
        case .detached: "kept"
        case .stopped: "removed"
        }
    }

    fileprivate var number: Int? {
        switch self {
        case .faultBegan(let number), .faultEnded(let number): number
        default: nil
        }
    }

    fileprivate var step: StartTimes.Step? { if case .done(let step) = self { step } else { nil } }
}

extension Timeline {
    /// All that it knows, but for what programs printed that made images.
    var entries: [TimelineEntry] {
        events.filter { $0.kind != .output }.map { TimelineEntry($0, since: date) }
            + activities.map { TimelineEntry($0, since: date) }
    }
}

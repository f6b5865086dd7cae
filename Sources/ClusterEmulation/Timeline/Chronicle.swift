package import Foundation

/// All that is known of what happened to a cluster, by whichever process, in its order: what lines, the page and CI's report show.
package struct Chronicle: Sendable {
    /// When the cluster's start began.
    package let beginning: Date
    /// How many seconds after that it was written.
    package let end: Double
    package let entries: [TimelineEntry]

    /// - Parameters:
    ///   - timeline: What this process knows, if it has made the cluster.
    ///   - file: What all processes have added to the cluster's file.
    ///   - ends: When nodes have ended that have, as far as it is known.
    ///   - nodes: The nodes' names.
    ///   - secrets: What must not be shown.
    package init(
        _ timeline: Timeline?, file: [TimelineEntry], ends: [String: Date?] = [:], nodes: [String], secrets: Secrets
    ) {
        let beginning = timeline?.date ?? file.compactMap(\.date).min() ?? Date()
        let known = (timeline?.entries ?? []) + file.map { $0.seen(from: beginning) }
        var events = known.filter(\.isEvent)
        let end = TimelineEntry.seconds(timeline?.now ?? .seconds(Date().timeIntervalSince(beginning)))
        events += Self.ends(ends, events, beginning, end)
        events.sort { $0.time < $1.time }
        let activities = known.filter { !$0.isEvent }
        var all = secrets
        for activity in timeline?.activities ?? [] { all.formUnion(activity.secrets) }
        all = all.without(nodes)
        self.beginning = beginning
        self.end = end
        entries = (Self.spans(events, nodes) + activities).map { $0.masked(all) }.sorted { $0.time < $1.time }
    }

    /// They as lines of JSON.
    package var lines: String { entries.map(\.line).joined() }

    /// The ends of nodes that nobody has noted: they ended by themselves, or by another's hand.
    private static func ends(
        _ ends: [String: Date?], _ events: [TimelineEntry], _ beginning: Date, _ now: Double
    ) -> [TimelineEntry] {
        ends.compactMap { node, date in
            // Of two at the same time, the later one is meant.
            let last = events.filter { event in
                event.kind == "reset" || event.nodes?.contains(node) == true && Self.power.contains(event.kind)
            }.enumerated().max { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }?.element
            if let last, ["ended", "killed"].contains(last.kind) { return nil }
            let time = date.map { TimelineEntry.seconds($0.timeIntervalSince(beginning)) } ?? now
            return TimelineEntry(
                time: time, at: TimelineEntry.text(of: beginning + time), kind: "ended", nodes: [node],
                text: date == nil ? "by itself, some time before" : "by itself")
        }
    }

    private static let power: Set<String> = ["ended", "killed", "started"]

    /// Events, and besides them what lasted from one to another: faults, and the times when nodes were down or frozen.
    private static func spans(_ events: [TimelineEntry], _ nodes: [String]) -> [TimelineEntry] {
        var (result, faults): ([TimelineEntry], [Int: Int]) = ([], [:])
        var (down, frozen): ([String: Int], [String: Int]) = ([:], [:])
        func finish(_ open: inout [String: Int], _ node: String, _ event: TimelineEntry) {
            if let index = open.removeValue(forKey: node) { result[index].until = event.time }
        }
        func begin(_ open: inout [String: Int], _ kind: String, _ node: String, _ event: TimelineEntry) {
            guard open[node] == nil else { return }
            open[node] = result.count
            result.append(
                TimelineEntry(
                    time: event.time, at: event.at, kind: kind, nodes: [node],
                    text: event.kind == "killed" ? "killed" : event.text))
        }
        for event in events {
            if event.kind == "fault", let number = event.number {
                faults[number] = result.count
                var fault = event
                fault.nodes = event.nodes ?? named(in: event.text ?? "", nodes)
                result.append(fault)
                continue
            }
            if event.kind == "healed", let number = event.number {
                if let index = faults.removeValue(forKey: number) { result[index].until = event.time }
                continue
            }
            if event.kind == "healed" {
                for (number, index) in faults where result[index].isMended(by: event) {
                    result[index].until = event.time
                    faults[number] = nil
                }
                // Whoever heals everything lets frozen nodes go on.
                if event.text == nil { for node in event.nodes ?? nodes { finish(&frozen, node, event) } }
                continue
            }
            result.append(event)
            if event.kind == "reset" {
                for node in nodes {
                    finish(&down, node, event)
                    finish(&frozen, node, event)
                }
            }
            for node in event.nodes ?? [] {
                switch event.kind {
                case "ended", "killed":
                    finish(&frozen, node, event)
                    begin(&down, "down", node, event)
                case "started": finish(&down, node, event)
                case "paused": begin(&frozen, "frozen", node, event)
                case "resumed": finish(&frozen, node, event)
                default: break
                }
            }
        }
        return result
    }

    /// The nodes that a fault's words name; nil if it names none, and so is all of theirs.
    private static func named(in text: String, _ nodes: [String]) -> [String]? {
        let words = Set(text.split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }.map(String.init))
        let named = nodes.filter(words.contains)
        return named.isEmpty ? nil : named
    }
}

extension TimelineEntry {
    /// Whether a fault is over now that something was healed.
    fileprivate func isMended(by event: TimelineEntry) -> Bool {
        let isThere = event.nodes.map { nodes in self.nodes.map { Set($0).isSubset(of: nodes) } ?? false } ?? true
        return isThere && (text ?? "").hasPrefix(event.text ?? "")
    }

    fileprivate func masked(_ secrets: Secrets) -> TimelineEntry {
        var entry = self
        entry.text = text.map(secrets.masked)
        entry.trouble = trouble.map(secrets.masked)
        entry.output = output.map(secrets.masked)
        entry.complaint = complaint.map(secrets.masked)
        return entry
    }
}

import Foundation

extension NetworkConditions: CustomStringConvertible {
    /// What a person would say, as in "node1 ↔ node2, node3: nothing passes".
    public var description: String {
        var (said, lines) = (Set<Int>(), [String]())
        for (index, rule) in rules.enumerated() where said.insert(index).inserted {
            let back = rules.indices.first {
                $0 > index && !said.contains($0) && rules[$0].sources == rule.targets
                    && rules[$0].targets == rule.sources && rules[$0].link == rule.link
            }
            if let back { said.insert(back) }
            let arrow = back == nil ? "→" : "↔"
            lines.append("\(Self.list(rule.sources)) \(arrow) \(Self.list(rule.targets)): \(rule.link)")
        }
        return lines.isEmpty ? "a healthy network" : lines.joined(separator: "; ")
    }

    private static func list(_ places: Set<Place>) -> String {
        let names = places.map(\.description).sorted { $0.compare($1, options: .numeric) == .orderedAscending }
        return names.count <= 6
            ? names.joined(separator: ", ") : names.prefix(3).joined(separator: ", ") + " … \(names[names.count - 1])"
    }
}

extension NetworkConditions.Place: CustomStringConvertible {
    /// The node's name, or "this machine" or "the outside".
    public var description: String {
        switch self {
        case .node(let name): name
        case .machine: "this machine"
        case .outside: "the outside"
        }
    }
}

extension NetworkConditions.Link: CustomStringConvertible {
    /// What a person would say, as in "20 ms ± 5 ms, 10 % lost, 1 Mbit/s".
    public var description: String {
        if isCut { return "nothing passes" }
        var parts: [String] = []
        if latency > .zero || jitter > .zero {
            parts.append(Self.text(latency) + (jitter > .zero ? " ± \(Self.text(jitter))" : ""))
        }
        for (chance, what) in [
            (loss, "lost"), (duplication, "doubled"), (reordering, "reordered"), (corruption, "damaged"),
        ] where chance > 0 {
            parts.append("\(Self.number(chance * 100)) % \(what)")
        }
        if let bandwidth { parts.append(Self.rate(bandwidth)) }
        if let mtu { parts.append("packets up to \(mtu) bytes" + (mtuIsSilent ? ", longer ones vanish" : "")) }
        switch opening {
        case .any: break
        case .none: parts.append("no connection is opened")
        case .ports(let ranges):
            let ports = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            parts.append("only ports \(ports.joined(separator: ", "))")
        }
        return parts.isEmpty ? "everything passes" : parts.joined(separator: ", ")
    }

    private static func text(_ duration: Duration) -> String {
        duration < .seconds(1) ? "\(number(duration / .milliseconds(1))) ms" : duration.inSeconds
    }

    /// Without digits that say nothing.
    private static func number(_ value: Double) -> String {
        let rounded = (value * 1000).rounded() / 1000
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }

    private static func rate(_ bits: Int) -> String {
        for (unit, name) in [(1_000_000_000, "Gbit/s"), (1_000_000, "Mbit/s"), (1000, "kbit/s")] where bits >= unit {
            return "\(number(Double(bits) / Double(unit))) \(name)"
        }
        return "\(bits) bit/s"
    }
}

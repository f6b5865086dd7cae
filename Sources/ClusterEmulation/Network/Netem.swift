/// The kernel's own way to delay, lose and slow what is sent (tc-netem(8)), where it has it and nothing is asked for that it can't do: it has
/// no seed in most versions, its jitter changes the order, it damages what no checksum protects, and it knows no MTU.
enum Netem {
    /// How many directions an interface can have besides its usual one: a prio(8) has sixteen bands.
    static let most = 15

    /// Whether it does all that a direction is to do.
    static func does(_ link: NetworkConditions.Link) -> Bool {
        link.jitter == .zero && link.mtu == nil && link.duplication == 0 && link.reordering == 0
            && link.corruption == 0
    }

    /// The directions with those left to it that it can do: as many for an interface as there is room for.
    static func takes(_ directions: [ImpairedDirection]) -> [ImpairedDirection] {
        var count: [String: Int] = [:]
        return directions.map { direction in
            guard does(direction.link), count[direction.receivers, default: 0] < most else { return direction }
            count[direction.receivers, default: 0] += 1
            return direction.byNetem
        }
    }

    /// The interfaces that have it, in what `tc qdisc show` prints.
    static func interfaces(in told: String) -> [String] {
        told.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 4, words.prefix(2) == ["qdisc", "prio"], words[3] == "dev" else { return nil }
            return String(words[4])
        }
    }

    /// What `tc -batch` reads: interfaces get a band for each direction, which its frames find by their marks.
    static func batch(_ directions: [ImpairedDirection]) -> String {
        Dictionary(grouping: directions, by: \.receivers).sorted { $0.key < $1.key }.map { interface, directions in
            var lines = [
                // What was there is replaced as a whole.
                "qdisc replace dev \(interface) root pfifo limit 1000",
                "qdisc replace dev \(interface) root handle 1: prio bands 16 priomap"
                    + String(repeating: " 0", count: 16),
            ]
            for (index, direction) in directions.sorted(by: { $0.mark < $1.mark }).enumerated() {
                let band = String(index + 2, radix: 16)
                lines += [
                    "qdisc add dev \(interface) parent 1:\(band) handle 1\(band): netem \(words(direction.link))",
                    "filter add dev \(interface) parent 1: protocol all prio 1 handle \(direction.mark) fw flowid 1:\(band)",
                ]
            }
            return lines.joined(separator: "\n") + "\n"
        }.joined()
    }

    private static func words(_ link: NetworkConditions.Link) -> String {
        var words = ["limit 10000"]
        if link.latency > .zero { words.append("delay \(Int(link.latency / .microseconds(1)))us") }
        if link.loss > 0 { words.append("loss \(link.loss * 100)%") }
        if let bandwidth = link.bandwidth { words.append("rate \(bandwidth)bit") }
        return words.joined(separator: " ")
    }
}

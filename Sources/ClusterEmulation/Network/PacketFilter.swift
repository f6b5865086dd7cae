/// Network conditions as rules of nft(8).
///
/// A connection of TCP begins with a packet that has SYN without ACK. For datagrams it is noted who was asked.
enum PacketFilter {
    /// For a bridge whose ports lead to the places: each place by the names of its ports. There is no connection tracking for bridges in
    /// many kernels.
    static func bridge(_ conditions: NetworkConditions, ports: (NetworkConditions.Place) -> [String]) -> String {
        if passages(conditions, ports: ports, { _ in "" }).isEmpty { return "" }
        return "table bridge conditions {\n\(openings(conditions, ports: ports, at: 1))}\n"
    }

    /// What of a bridge's table lets connections be opened or not.
    static func openings(
        _ conditions: NetworkConditions, ports: (NetworkConditions.Place) -> [String], at priority: Int
    ) -> String {
        let rules = passages(conditions, ports: ports) { "jump \(chain($0.opening))" }
        return """
              set asked {
                type ipv4_addr . inet_service . ipv4_addr . inet_service
                flags dynamic, timeout
                timeout 3m
                size 65535
              }
              chain asking {
                type filter hook prerouting priority \(priority)
                meta l4proto udp update @asked { ip daddr . udp dport . ip saddr . udp sport }
              }
            \(chains(conditions, answers: "ip saddr . udp sport . ip daddr . udp dport @asked accept"))
              chain passing {
                type filter hook forward priority \(priority)
                meta protocol arp accept
                tcp flags & (syn | ack) != syn accept
            \(rules.map { "    \($0)" }.joined(separator: "\n"))
              }

            """
    }

    /// What is to be done with what goes from some ports of a bridge to others, as a line for each rule: of two about the same direction the
    /// first counts.
    static func passages(
        _ conditions: NetworkConditions, ports: (NetworkConditions.Place) -> [String],
        _ verdict: (NetworkConditions.Link) -> String
    ) -> [String] {
        conditions.rules.reversed().compactMap { rule in
            let (from, to) = (rule.sources.flatMap(ports).sorted(), rule.targets.flatMap(ports).sorted())
            guard !from.isEmpty, !to.isEmpty else { return nil }
            return
                "iifname \(set(from.map { "\"\($0)\"" })) oifname \(set(to.map { "\"\($0)\"" })) \(verdict(rule.link))"
        }
    }

    /// For the network of one node, as far as they are about what comes to it, and about its way out: each place by its addresses.
    static func node(
        _ name: String, _ conditions: NetworkConditions, table: String = "conditions", networks: [String],
        addresses: (String) -> [String]
    ) -> String {
        let here = NetworkConditions.Place.node(name)
        let incoming = conditions.rules.reversed().filter { $0.targets.contains(here) }.compactMap { rule -> String? in
            let sources = rule.sources.flatMap { place -> [String] in
                if case .node(let node) = place, node != name { return addresses(node) }
                return []
            }
            return sources.isEmpty ? nil : "    ip saddr \(set(sources.sorted())) jump \(chain(rule.link.opening))"
        }
        let isShut = conditions[from: here, to: .outside].opening == .none
        if incoming.isEmpty, !isShut { return "" }
        let outgoing = """
              chain leaving {
                type filter hook output priority 0
                ct state established,related accept
                oifname "lo" accept
                ip daddr != \(set(networks)) reject with icmp net-prohibited
              }

            """
        return """
            table ip \(table) {
            \(chains(conditions, answers: "ct state established,related accept"))
              chain coming {
                type filter hook input priority 0
                iifname "lo" accept
                ct state established,related accept
            \(incoming.joined(separator: "\n"))
              }
            \(isShut ? outgoing : "")}

            """
    }

    static func set(_ words: [String]) -> String { "{ \(words.joined(separator: ", ")) }" }

    /// What passes is accepted, what doesn't is dropped, as firewalls mostly do.
    private static func chains(_ conditions: NetworkConditions, answers: String) -> String {
        Set(conditions.rules.map(\.link.opening)).map { opening in
            var lines: [String]
            switch opening {
            case .any: lines = ["accept"]
            case .none:
                lines = [answers, "icmp type { echo-reply, destination-unreachable, time-exceeded } accept", "drop"]
            case .ports(let ranges):
                let ports = set(
                    merged(ranges).map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" })
                lines = [answers]
                if !ranges.isEmpty { lines += ["tcp dport \(ports) accept", "udp dport \(ports) accept"] }
                lines += ["meta l4proto { icmp, ipv6-icmp } accept", "drop"]
            }
            return "  chain \(chain(opening)) {\n\(lines.map { "    \($0)\n" }.joined())  }"
        }.sorted().joined(separator: "\n")
    }

    private static func chain(_ opening: NetworkConditions.Opening) -> String {
        switch opening {
        case .any: "any"
        case .none: "none"
        case .ports(let ranges):
            "ports" + merged(ranges).map { "_\($0.lowerBound)_\($0.upperBound)" }.joined()
        }
    }

    /// Ranges that have nothing in common, in their order: a set of nft's takes no others.
    private static func merged(_ ranges: [ClosedRange<Int>]) -> [ClosedRange<Int>] {
        ranges.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { merged, range in
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
    }
}

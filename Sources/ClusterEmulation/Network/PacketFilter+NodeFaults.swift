extension PacketFilter {
    /// What faults do in the network of one node, where it has an interface eth0 for all its networks.
    ///
    /// What others may not send to it is dropped when it comes, what it may not send out of the cluster when it leaves. Impaired is
    /// what leaves, and what comes from who is not a node: each node sees to what it sends itself.
    ///
    /// - Parameters:
    ///   - name: The node's name.
    ///   - conditions: All of the network's.
    ///   - paths: The node's impaired directions.
    ///   - addresses: The addresses of a place, of IPv4 and IPv6; none of the outside.
    ///   - all: All addresses of the cluster's and this machine's.
    /// - Returns: What nft reads.
    static func nodeFaults(
        _ name: String, _ conditions: NetworkConditions, _ paths: [NodePath],
        addresses: (NetworkConditions.Place) -> [String], all: [String]
    ) -> String {
        let emptied = """
            table netdev faults
            delete table netdev faults
            table ip faults
            delete table ip faults

            """
        let here = NetworkConditions.Place.node(name)
        func lines(_ places: some Sequence<NetworkConditions.Place>, _ end: End, _ verdict: String) -> [String] {
            places.filter { $0 != here }.flatMap { matches($0, end, addresses, all) }.sorted().map {
                "\($0) \(verdict)"
            }
        }
        let cuts = conditions.rules.reversed()
        let coming = cuts.filter { $0.targets.contains(here) }.flatMap { rule in
            lines(rule.sources, .source, rule.link.isCut ? "drop" : "accept")
        }
        let leaving = cuts.filter { $0.sources.contains(here) }.flatMap { rule in
            lines(rule.targets.intersection([.machine, .outside]), .target, rule.link.isCut ? "drop" : "accept")
        }
        func diverted(_ isIncoming: Bool) -> [String] {
            paths.filter { $0.isIncoming == isIncoming }.flatMap { path in
                lines(
                    [path.peer], isIncoming ? .source : .target,
                    "meta mark set \(path.direction.mark) fwd to \"wire0\"")
            }
        }
        let chains = [
            chain("coming", "ingress", 0, coming), chain("leaving", "egress", 0, leaving),
            chain("diverted", "ingress", 1, diverted(true)), chain("diverting", "egress", 1, diverted(false)),
        ].joined()
        let shut =
            conditions.rules.contains { $0.link.opening != .any }
            ? node(name, conditions, table: "faults", networks: all.filter { !$0.contains(":") }) {
                addresses(.node($0))
            }
            : ""
        return emptied + (chains.isEmpty ? "" : "table netdev faults {\n\(chains)}\n") + shut
    }

    private enum End: String { case source = "saddr", target = "daddr" }

    /// What frames have that come from a place, or lead there.
    private static func matches(
        _ place: NetworkConditions.Place, _ end: End, _ addresses: (NetworkConditions.Place) -> [String],
        _ all: [String]
    ) -> [String] {
        let isIPv4 = { (address: String) in !address.contains(":") }
        if place == .outside {
            let known = set(all.filter(isIPv4))
            return ["ip \(end.rawValue) != \(known) ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00"]
        }
        let (ipv4, ipv6) = (addresses(place).filter(isIPv4), addresses(place).filter { !isIPv4($0) })
        return (ipv4.isEmpty ? [] : ["ip \(end.rawValue) \(set(ipv4))", "arp \(end.rawValue) ip \(set(ipv4))"])
            + (ipv6.isEmpty ? [] : ["ip6 \(end.rawValue) \(set(ipv6))"])
    }

    /// What the wire sends has been through it all.
    private static func chain(_ name: String, _ hook: String, _ priority: Int, _ rules: [String]) -> String {
        if rules.isEmpty { return "" }
        return """
              chain \(name) {
                type filter hook \(hook) device "eth0" priority \(priority)
                meta mark \(ImpairedDirection.wireMark) accept
            \(rules.map { "    \($0)\n" }.joined())  }

            """
    }
}

/// An impaired direction, as the node has it whose network it is dealt with in.
struct NodePath: Sendable, Hashable {
    let direction: ImpairedDirection
    /// Who is at the other end.
    let peer: NetworkConditions.Place
    /// Whether it leads to the node.
    let isIncoming: Bool
}

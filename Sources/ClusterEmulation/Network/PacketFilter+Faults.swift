extension PacketFilter {
    /// The tables of faults, emptied: what follows is in their place, in one step.
    private static let emptied = """
        table bridge faults
        delete table bridge faults
        table netdev faults
        delete table netdev faults

        """

    /// What faults do on a bridge whose ports lead to the places: each place by the names of its ports. What goes over impaired directions is
    /// marked and led to the wire.
    static func faults(
        _ conditions: NetworkConditions, _ directions: [ImpairedDirection],
        ports: (NetworkConditions.Place) -> [String]
    ) -> String {
        if conditions.isHealthy { return emptied }
        let cuts = passages(conditions, ports: ports) { $0.isCut ? "drop" : "accept" }
        let isAnyCut = conditions.rules.contains(where: \.link.isCut)
        let isAnyShut = conditions.rules.contains { $0.link.opening != .any }
        let receivers = Set(directions.filter { !$0.isByNetem }.map(\.receivers)).sorted()
        let diverting =
            receivers.isEmpty
            ? ""
            : """
            table netdev faults {
              chain diverting {
                type filter hook egress devices = \(set(receivers.map { "\"\($0)\"" })) priority 0
                \(ImpairedDirection.maskedMark) fwd to "wire0"
              }
            }

            """
        return emptied + "table bridge faults {\n"
            + (isAnyCut ? hook("cutting", at: 2, cuts) : "")
            + (isAnyShut ? openings(conditions, ports: ports, at: 3) : "")
            + (directions.isEmpty ? "" : hook("marking", at: 4, [marking(directions)]))
            + "}\n" + diverting
    }

    private static func hook(_ name: String, at priority: Int, _ rules: [String]) -> String {
        """
          chain \(name) {
            type filter hook forward priority \(priority)
        \(rules.map { "    \($0)\n" }.joined())  }

        """
    }

    private static func marking(_ directions: [ImpairedDirection]) -> String {
        let marks = directions.map { "\"\($0.senders)\" . \"\($0.receivers)\" : \($0.mark)" }
        return "meta mark set iifname . oifname map \(set(marks))"
    }
}

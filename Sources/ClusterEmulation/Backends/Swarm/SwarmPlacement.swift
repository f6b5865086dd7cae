import Foundation

/// Which machine each node of a cluster is put on.
package struct SwarmPlacement: Sendable {
    /// The machine of each node, in the nodes' order.
    package let machines: [SwarmMachine]

    /// Spreads nodes over the machines that may have them: evenly over what a label tells apart, and then over the machines.
    ///
    /// - Parameters:
    ///   - plan: The cluster.
    ///   - machines: All machines of the Swarm.
    ///   - options: What the machines have to be.
    ///   - gateway: The node through which the others are reached, if there is one.
    ///   - place: The machine that this node has to be on.
    /// - Throws: ``ClusterError`` with the code `provisioningFailed` if no machine may have them.
    package init(
        _ plan: ClusterPlan, over machines: [SwarmMachine], _ options: SwarmOptions, gateway: String? = nil,
        on place: String? = nil
    ) throws {
        let constraints = try options.constraints.map(SwarmConstraint.init)
        let suitable = machines.filter { machine in constraints.allSatisfy { $0.holds(for: machine) } }
        let usable = suitable.filter { $0.hindrance == nil }
        guard !usable.isEmpty else {
            let reasons = suitable.compactMap { machine in machine.hindrance.map { "\(machine.name): \($0)" } }
            let cause =
                suitable.isEmpty
                ? "of its \(machines.count) machines, none is as \(constraints.map(\.text).joined(separator: ", ")) asks"
                : reasons.joined(separator: "; ")
            throw ClusterError(
                .provisioningFailed, "No machine of the Swarm can have nodes of cluster \(plan.name): \(cause).",
                remedy: "See `docker node ls`.")
        }
        // Clusters that are alone on a Swarm of many machines do not all begin with the same one.
        let offset = Int(plan.id.description.utf8.reduce(0) { $0 &* 31 &+ UInt32($1) } % UInt32(usable.count))
        let ordered = Array(usable[offset...] + usable[..<offset])
        if !plan.sharedFolders.isEmpty {
            let machines = try Self.together(plan, on: ordered.filter { gateway == nil || $0.id == place })
            self.machines = try machines.map(options.reached)
            return
        }
        var (nodes, groups): ([String: Int], [String: Int]) = ([:], [:])
        func load(_ machine: SwarmMachine) -> (Int, Int) {
            (options.group(of: machine).map { groups[$0] ?? 0 } ?? 0, nodes[machine.id] ?? 0)
        }
        self.machines = try plan.nodes.map { node in
            let isGateway = node.name == gateway
            let fitting = ordered.filter { $0.fits(node.limits) && (!isGateway || $0.id == place) }
            guard let machine = fitting.min(by: { load($0) < load($1) }) else {
                if isGateway, !ordered.contains(where: { $0.id == place }) {
                    throw ClusterError(
                        .provisioningFailed,
                        "\(node.name), through which the others are reached, can't be on the manager's machine: it may have no nodes.",
                        node: node.name, remedy: "See `docker node ls`, and the constraints.")
                }
                throw ClusterError(
                    .provisioningFailed,
                    "No machine of the Swarm is as large as the limits of \(node.name) ask: \(usable.map(\.size).joined(separator: "; ")).",
                    node: node.name)
            }
            nodes[machine.id, default: 0] += 1
            if let group = options.group(of: machine) { groups[group, default: 0] += 1 }
            return try options.reached(machine)
        }
    }

    /// What all nodes share is on one machine, and so are they: the one that has most memory beyond what they need.
    private static func together(_ plan: ClusterPlan, on machines: [SwarmMachine]) throws -> [SwarmMachine] {
        let limits = NodeLimits(
            processors: plan.nodes.compactMap(\.limits.processors).max(),
            memory: plan.nodes.compactMap(\.limits.memory).reduce(0, +))
        guard let machine = machines.filter({ $0.fits(limits) }).max(by: { $0.memory < $1.memory }) else {
            throw ClusterError(
                .provisioningFailed,
                "No machine of the Swarm is large enough for all nodes of cluster \(plan.name), which share folders: \(machines.map(\.size).joined(separator: "; "))."
            )
        }
        return plan.nodes.map { _ in machine }
    }

    /// Each machine once, in the order in which they come.
    package var distinct: [SwarmMachine] {
        var seen = Set<String>()
        return machines.filter { seen.insert($0.id).inserted }
    }
}

extension SwarmMachine {
    fileprivate func fits(_ limits: NodeLimits) -> Bool {
        (limits.processors ?? 0) <= processors && (limits.memory ?? 0) <= memory
    }

    fileprivate var size: String { "\(name) has \(processors) processors and \(memory >> 20) MiB" }
}

/// What a machine has to be, in Swarm's own words: `node.labels.disk==ssd`, `node.hostname!=old`, `node.role==worker`.
package struct SwarmConstraint: Sendable, Hashable {
    package let text: String
    private let key: String
    private let value: String
    private let isEqual: Bool

    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` for what is not a constraint, or about what this package does not
    ///   know of a machine.
    package init(_ text: String) throws {
        let isEqual = text.contains("==")
        let parts = text.split(separator: isEqual ? "==" : "!=", maxSplits: 1).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        guard parts.count == 2, Self.keys.contains(parts[0]) || parts[0].hasPrefix(Self.label) else {
            throw ClusterError(
                .invalidConfiguration, "\"\(ClusterConfiguration.printable(text))\" is not a constraint on machines.",
                remedy: "Write one such as node.labels.disk==ssd, node.hostname!=machine1 or node.role==worker.")
        }
        (self.text, key, value, self.isEqual) = (text, parts[0], parts[1], isEqual)
    }

    private static let keys = ["node.id", "node.hostname", "node.role"]
    private static let label = "node.labels."

    package func holds(for machine: SwarmMachine) -> Bool {
        let there =
            switch key {
            case "node.id": machine.id
            case "node.hostname": machine.name
            case "node.role": machine.isManager ? "manager" : "worker"
            default: machine.labels[String(key.dropFirst(Self.label.count))] ?? ""
            }
        return (there.lowercased() == value.lowercased()) == isEqual
    }
}

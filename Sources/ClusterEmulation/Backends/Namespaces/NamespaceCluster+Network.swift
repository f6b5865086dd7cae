#if os(Linux)
import Foundation

extension NamespaceCluster: NetworkShaping {
    /// Everything is done on the cluster's bridges, outside of the nodes: cuts by nft, in one step; the rest by the wire, to which nft leads
    /// what goes over impaired directions.
    func apply(_ conditions: NetworkConditions) async throws {
        let nft = try NetworkRules.program(for: "The network can't be changed")
        let down = Set(try await states().filter { $0.value != .running }.keys.flatMap { ports(.node($0)) })
        var directions = directions(conditions).filter { !down.contains($0.receivers) }
        try ImpairedDirection.check(directions)
        let netem = await Netem.Kernel(self)
        if conditions.seed == nil, netem != nil { directions = Netem.takes(directions) }
        let isWired = directions.contains { !$0.isByNetem }
        // Frames are led to a wire that knows them; and it knows them for as long as they may come.
        if isWired { try await setWire(directions) }
        try await netem?.set(directions)
        try await runInNetwork(
            [nft, "-f", "-"], input: PacketFilter.faults(conditions, directions, ports: ports),
            "its rules could not be set up", remedy: "It takes Linux 5.19 and nft 1.0.1, or later ones.")
        if !isWired { try await setWire([]) }
        try await netem?.clear(but: directions)
    }

    private func setWire(_ directions: [ImpairedDirection]) async throws {
        let told = try await runInNetwork(
            ["wire"], input: ImpairedDirection.wireText(directions), "the wire that carries its frames does not work")
        if let missed = Int(told.trimmingCharacters(in: .whitespacesAndNewlines)), missed > 0 {
            Progress.say(ImpairedDirection.missed(missed, of: summary.name))
        }
    }

    @discardableResult
    fileprivate func runInNetwork(
        _ words: [String], input: String, _ failure: String, remedy: String = ""
    ) async throws -> String {
        let output = try await ProgramPipes.collect(input: Array(input.utf8)) {
            try await executeInNetwork(words, streams: $0)
        }
        if output.succeeded { return output.standardOutput }
        throw ClusterError(
            .provisioningFailed,
            ClusterError.sentence(
                "The network of cluster \(summary.name) could not be changed, since \(failure): \(ClusterError.lastLines(output.complaint, 3))"
            ), remedy: remedy)
    }
}

extension NamespaceCluster {
    /// The bridges' ports that lead to a place.
    private func ports(_ place: NetworkConditions.Place) -> [String] {
        switch place {
        case .machine: return ["outside"]
        case .outside:
            // Without the option `outside` there is no way there.
            let log = NodeLogs.file("outside", of: summary.folder)
            return FileManager.default.fileExists(atPath: log) ? ["tap"] : []
        case .node(let name):
            guard let index = nodes.firstIndex(where: { $0.name == name }) else { return [] }
            return [NetworkRules.port(index)]
                + (nodes[index].secondIP == nil ? [] : [NetworkRules.secondPort(index)])
        }
    }

    private func number(_ place: NetworkConditions.Place) -> Int {
        switch place {
        case .machine: 0
        case .outside: 4095
        case .node(let name): 1 + (nodes.firstIndex { $0.name == name } ?? -1)
        }
    }

    /// A pair of places has a direction in each network that they share.
    private func directions(_ conditions: NetworkConditions) -> [ImpairedDirection] {
        let seed = conditions.seed ?? .random(in: 0 ... .max)
        return conditions.impaired.flatMap { source, target, link in
            zip(ports(source), ports(target)).enumerated().map { network, interfaces in
                ImpairedDirection(
                    from: number(source), to: number(target), in: network, interfaces: interfaces, link,
                    seed: seed)
            }
        }
    }
}

extension Netem {
    /// A kernel that has it, asked through a cluster in whose network it is to be.
    struct Kernel {
        private let cluster: NamespaceCluster
        private let tc: String
        /// The interfaces that have it.
        private let interfaces: [String]

        /// Nil if the kernel has it not, or tc is not on this machine.
        init?(_ cluster: NamespaceCluster) async {
            guard let tc = ProgramPath.find("tc") else { return nil }
            // To find out is to try it where nothing is sent.
            let tries = "qdisc replace dev lo root netem\nqdisc del dev lo root\nqdisc show\n"
            guard let told = try? await cluster.runInNetwork([tc, "-batch", "-"], input: tries, "") else { return nil }
            (self.cluster, self.tc) = (cluster, tc)
            interfaces = Netem.interfaces(in: told)
        }

        func set(_ directions: [ImpairedDirection]) async throws {
            try await run(Netem.batch(directions.filter(\.isByNetem)))
        }

        /// Takes it away where no direction has it.
        func clear(but directions: [ImpairedDirection]) async throws {
            let kept = Set(directions.filter(\.isByNetem).map(\.receivers))
            try await run(interfaces.filter { !kept.contains($0) }.map { "qdisc del dev \($0) root\n" }.joined())
        }

        private func run(_ batch: String) async throws {
            if batch.isEmpty { return }
            try await cluster.runInNetwork([tc, "-batch", "-"], input: batch, "netem could not be set up")
        }
    }
}
#endif

#if os(Linux)
import Foundation

extension NamespaceCluster: NetworkShaping {
    /// Everything is done on the cluster's bridges, outside of the nodes: cuts by nft, in one step; the rest by the wire, to which nft leads
    /// what goes over impaired directions.
    func apply(_ conditions: NetworkConditions) async throws {
        guard let nft = ProgramPath.find("nft") else {
            throw ClusterError(
                .missingProgram, "The network can't be changed: nft, which sets up its rules, is not on this machine.",
                remedy: "Install it (apt-get install nftables).")
        }
        let directions = directions(conditions)
        try ImpairedDirection.check(directions)
        // Frames are led to a wire that knows them; and it knows them for as long as they may come.
        if !directions.isEmpty { try await setWire(directions) }
        let down = try await states().filter { $0.value != .running }.keys
        let missing = Set(down.flatMap { ports(.node($0)) })
        let rules = PacketFilter.faults(conditions, directions, ports: ports) { !missing.contains($0) }
        try await runInNetwork([nft, "-f", "-"], input: rules, "its rules could not be set up")
        if directions.isEmpty { try await setWire([]) }
    }

    private func setWire(_ directions: [ImpairedDirection]) async throws {
        let told = try await runInNetwork(
            ["wire"], input: ImpairedDirection.wireText(directions), "the wire that carries its frames does not work")
        if let missed = Int(told.trimmingCharacters(in: .whitespacesAndNewlines)), missed > 0 {
            Progress.say(ImpairedDirection.missed(missed, of: summary.name))
        }
    }

    @discardableResult
    private func runInNetwork(_ words: [String], input: String, _ failure: String) async throws -> String {
        let output = try await ProgramPipes.collect(input: Array(input.utf8)) {
            try await executeInNetwork(words, streams: $0)
        }
        if output.succeeded { return output.standardOutput }
        throw ClusterError(
            .provisioningFailed,
            ClusterError.sentence(
                "The network of cluster \(summary.name) could not be changed, since \(failure): \(ClusterError.lastLines(output.complaint, 3))"
            ))
    }
}

extension NamespaceCluster {
    /// The bridges' ports that lead to a place.
    private func ports(_ place: NetworkConditions.Place) -> [String] {
        switch place {
        case .machine: return ["outside"]
        case .outside: return ["tap"]
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
#endif

import Foundation

/// A Swarm, asked by way of an engine that is one of its managers, and the engines of its machines.
///
/// Each machine's own engine is needed too: a manager has no way to run a program in another machine's container, or to give that machine an
/// image. Docker's contexts say where it is: the context that is called as the machine is. Without one it is looked for by SSH at the
/// machine's address, as the user who reaches the manager so.
package struct Swarm: Sendable, Hashable {
    package let manager: DockerEngine

    package init(_ manager: DockerEngine) { self.manager = manager }

    /// Whether the engine is a manager of a Swarm that can decide anything.
    package func availability() async -> Availability {
        if case .unavailable(let reason, let remedy) = await manager.availability() {
            return .unavailable(reason: reason, remedy: remedy)
        }
        let output = try? await manager.ask(["info", "--format", "{{json .Swarm}}"], within: .seconds(10))
        guard let output, output.succeeded,
            let state = try? JSONDecoder().decode(State.self, from: Data(output.standardOutput.utf8))
        else {
            return .unavailable(
                reason: "The engine does not say whether it is in a Swarm.", remedy: "See `\(manager.typed) info`.")
        }
        guard state.LocalNodeState == "active" else {
            return .unavailable(
                reason: "The engine is in no Swarm (its state is \(state.LocalNodeState)).",
                remedy: "Run `\(manager.typed) swarm init` there, or name a manager by CLUSTER_FIXTURE_SWARM.")
        }
        guard state.ControlAvailable else {
            return .unavailable(
                reason: "The engine is a worker of a Swarm and not a manager.",
                remedy: "Name a manager by CLUSTER_FIXTURE_SWARM or DOCKER_HOST, or promote it: `docker node promote`.")
        }
        do {
            let machines = try await machines()
            return .available("a Swarm of \(machines.count == 1 ? "one machine" : "\(machines.count) machines")")
        } catch {
            return .unavailable(
                reason: (error as? ClusterError)?.message ?? "\(error)",
                remedy:
                    "See `\(manager.typed) node ls`. If managers were lost, bring them back, or run `\(manager.typed) swarm init --force-new-cluster`."
            )
        }
    }

    private struct State: Decodable {
        let LocalNodeState: String
        let ControlAvailable: Bool
    }

    /// All machines, by their names.
    ///
    /// - Throws: ``ClusterError`` if the managers can't agree, as when too many of them are gone.
    package func machines() async throws -> [SwarmMachine] {
        let ids = try await lines(["node", "ls", "--quiet"])
        return try await lines(["node", "inspect", "--format", "{{json .}}"] + ids).map {
            try SwarmMachine(json: $0)
        }.sorted { $0.name < $1.name }
    }

    private func lines(_ words: [String]) async throws -> [String] {
        let output = try await manager.ask(words, within: .seconds(20))
        guard output.succeeded else {
            throw ClusterError(
                .provisioningFailed,
                ClusterError.sentence("The Swarm does not answer: \(DockerEngine.cause(output.complaint))"))
        }
        return output.lines
    }
}

extension Swarm {
    /// The engine of a machine, which was found to be that machine's.
    ///
    /// - Throws: ``ClusterError`` with the code `backendUnavailable` if it can't be reached, or is another machine's.
    package func engine(of machine: SwarmMachine) async throws -> DockerEngine {
        let key = Place(swarm: self, machine: machine.id)
        if let known = Self.known.withLock({ $0[key] }) { return known }
        let (engine, way) = try await candidate(machine)
        let remedy =
            "Tell Docker where it is: `docker context create \(machine.name) --docker host=ssh://USER@\(machine.address)`."
        let output: CommandOutput
        do {
            output = try await engine.ask(["info", "--format", "{{.Swarm.NodeID}}"], within: .seconds(20))
        } catch let error as ClusterError {
            throw ClusterError(
                .backendUnavailable, "The engine of \(machine.name) does not answer \(way): \(error.message)",
                underlying: error, remedy: remedy)
        }
        // The client complains of what it can't reach, and ends well.
        let id = output.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
        guard output.succeeded, !id.isEmpty else {
            throw ClusterError(
                .backendUnavailable,
                ClusterError.sentence(
                    "The engine of \(machine.name) does not answer \(way): \(DockerEngine.cause(output.complaint))"),
                remedy: remedy)
        }
        guard id == machine.id else {
            throw ClusterError(
                .backendUnavailable, "What answers \(way) is not the engine of \(machine.name).", remedy: remedy)
        }
        Self.known.withLock { $0[key] = engine }
        return engine
    }

    /// The Swarm's name for the manager's own machine.
    ///
    /// - Throws: ``ClusterError`` if the manager does not answer.
    var managersMachine: String {
        get async throws {
            try await manager.ask(["info", "--format", "{{.Swarm.NodeID}}"], within: .seconds(20)).lines.first ?? ""
        }
    }

    /// Where the engine of a machine should be.
    private func candidate(_ machine: SwarmMachine) async throws -> (DockerEngine, way: String) {
        if try await managersMachine == machine.id {
            return (
                DockerEngine(
                    command: manager.command, host: manager.host, context: manager.context, machine: machine.name),
                "as the manager"
            )
        }
        let contexts = try await manager.ask(["context", "ls", "--format", "{{.Name}}"]).lines
        if contexts.contains(machine.name) {
            return (
                DockerEngine(command: manager.command, context: machine.name, machine: machine.name),
                "by Docker's context \(machine.name)"
            )
        }
        let address = "ssh://\(manager.userByLogin.map { "\($0)@" } ?? "")\(machine.address)"
        return (
            DockerEngine(command: manager.command, host: address, machine: machine.name),
            "at \(address), and there is no context \(machine.name)"
        )
    }

    private struct Place: Hashable {
        let swarm: Swarm
        let machine: String
    }

    private static let known = Locked<[Place: DockerEngine]>([:])
}

extension DockerEngine {
    /// The user by whose login the engine is reached, if it is so and is told.
    fileprivate var userByLogin: Substring? {
        let address = host ?? ProcessInfo.processInfo.environment["DOCKER_HOST"] ?? ""
        guard address.hasPrefix("ssh://") else { return nil }
        let place = address.dropFirst("ssh://".count)
        return place.contains("@") ? place.split(separator: "@").first : nil
    }
}

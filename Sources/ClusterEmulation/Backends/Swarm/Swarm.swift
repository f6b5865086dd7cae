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
        if manager.missingSocket != nil { return await manager.availability() }
        async let found = machines(notOlderThan: Self.moment)
        do {
            _ = try await ownMachine
            let machines = try await found
            return .available("a Swarm of \(machines.count == 1 ? "one machine" : "\(machines.count) machines")")
        } catch let refusal as Refusal {
            return refusal.availability
        } catch {
            let reason = (error as? ClusterError)?.message ?? "\(error)"
            // Where the managers are well, that would split the Swarm.
            let hasLostManagers = reason.contains("swarm does not have a leader")
            return .unavailable(
                reason: reason,
                remedy: "See `\(manager.typed) node ls`."
                    + (hasLostManagers
                        ? " If managers were lost, bring them back, or run `\(manager.typed) swarm init --force-new-cluster`."
                        : ""))
        }
    }

    /// Why the engine can have no clusters on a Swarm.
    private struct Refusal: Error {
        let availability: Availability

        init(_ availability: Availability) { self.availability = availability }

        init(_ reason: String, remedy: String) { availability = .unavailable(reason: reason, remedy: remedy) }
    }

    /// The Swarm's name for the manager's own machine. An engine that has said once in this process that it is a manager is taken to be one.
    ///
    /// - Throws: ``Refusal`` if the engine is not a manager.
    private var ownMachine: String {
        get async throws {
            if let known = Self.managers.withLock({ $0[manager] }) { return known }
            let output = try? await manager.ask(["info", "--format", "{{json .Swarm}}"], within: .seconds(10))
            guard let output, output.succeeded,
                let state = try? JSONDecoder().decode(State.self, from: Data(output.standardOutput.utf8)),
                !state.LocalNodeState.isEmpty
            else {
                let availability = await manager.availability()
                if case .unavailable = availability { throw Refusal(availability) }
                throw Refusal(
                    "The engine does not say whether it is in a Swarm.", remedy: "See `\(manager.typed) info`.")
            }
            guard state.LocalNodeState == "active" else {
                throw Refusal(
                    "The engine is in no Swarm (its state is \(state.LocalNodeState)).",
                    remedy: "Run `\(manager.typed) swarm init` there, or name a manager by CLUSTER_FIXTURE_SWARM.")
            }
            guard state.ControlAvailable else {
                throw Refusal(
                    "The engine is a worker of a Swarm and not a manager.",
                    remedy:
                        "Name a manager by CLUSTER_FIXTURE_SWARM or DOCKER_HOST, or promote it: `docker node promote`.")
            }
            Self.managers.withLock { $0[manager] = state.NodeID }
            return state.NodeID
        }
    }

    private static let managers = Locked<[DockerEngine: String]>([:])

    private struct State: Decodable {
        let LocalNodeState: String
        let ControlAvailable: Bool
        let NodeID: String
    }

    /// All machines, by their names.
    ///
    /// - Parameter age: How long ago it may be that they were asked for.
    /// - Returns: The machines.
    /// - Throws: ``ClusterError`` if the managers can't agree, as when too many of them are gone.
    package func machines(notOlderThan age: Duration = .zero) async throws -> [SwarmMachine] {
        let now = ContinuousClock.now
        if age > .zero, let last = Self.seen.withLock({ $0[self] }), now - last.at <= age { return last.machines }
        let ids = try await lines(["node", "ls", "--quiet"])
        let machines = try await lines(["node", "inspect", "--format", "{{json .}}"] + ids).map {
            try SwarmMachine(json: $0)
        }.sorted { $0.name < $1.name }
        Self.seen.withLock { $0[self] = (now, machines) }
        return machines
    }

    /// What was asked of the Swarm so long ago is true for the same start.
    static let moment = Duration.seconds(2)

    private static let seen = Locked<[Swarm: (at: ContinuousClock.Instant, machines: [SwarmMachine])]>([:])

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
        let engine = try await Self.searches.once("\(key)") { try await find(machine) }
        Self.known.withLock { $0[key] = engine }
        return engine
    }

    /// The Swarm's name for the manager's own machine.
    ///
    /// - Throws: ``ClusterError`` if the engine is not a manager, or does not answer.
    var managersMachine: String {
        get async throws {
            do { return try await ownMachine } catch let refusal as Refusal {
                guard case .unavailable(let reason, let remedy) = refusal.availability else { throw refusal }
                throw ClusterError(.backendUnavailable, ClusterError.sentence(reason), remedy: remedy)
            }
        }
    }

    private func find(_ machine: SwarmMachine) async throws -> DockerEngine {
        if try await managersMachine == machine.id {
            return DockerEngine(
                command: manager.command, host: manager.host, context: manager.context,
                endpoint: try await endpoint(of: manager.context), machine: machine.name)
        }
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
                .backendUnavailable, "The engine that answers \(way) is not the engine of \(machine.name).",
                remedy: remedy)
        }
        return engine
    }

    /// Where the engine of a machine should be.
    private func candidate(_ machine: SwarmMachine) async throws -> (DockerEngine, way: String) {
        if let endpoint = try await endpoint(of: machine.name) {
            return (
                DockerEngine(
                    command: manager.command, context: machine.name, endpoint: endpoint, machine: machine.name),
                "by Docker's context \(machine.name)"
            )
        }
        let address = "ssh://\(manager.userByLogin.map { "\($0)@" } ?? "")\(machine.address)"
        return (
            DockerEngine(command: manager.command, host: address, machine: machine.name),
            "at \(address), and there is no context \(machine.name)"
        )
    }

    /// Where one of Docker's contexts leads to; nil if there is none of that name.
    private func endpoint(of context: String?) async throws -> String? {
        guard let context else { return nil }
        let known = try await Self.contexts.once(manager.command) { [manager] in
            try await manager.ask(["context", "ls", "--format", "{{.Name}} {{.DockerEndpoint}}"]).lines
                .reduce(into: [:]) { endpoints, line in
                    let words = line.split(separator: " ", maxSplits: 1).map(String.init)
                    endpoints[words[0]] = words.count > 1 ? words[1] : ""
                }
        }
        return known[context]
    }

    private struct Place: Hashable {
        let swarm: Swarm
        let machine: String
    }

    private static let known = Locked<[Place: DockerEngine]>([:])
    private static let searches = OnceEach<DockerEngine>()
    private static let contexts = OnceEach<[String: String]>()
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

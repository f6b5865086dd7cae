import Foundation

/// A cluster whose nodes are containers on a Swarm's machines: each machine's part of it is asked of that machine's engine.
package struct SwarmCluster: BackendCluster {
    package let swarm: Swarm
    package let summary: ClusterSummary
    private let known: (nodes: [ProvisionedNode], places: SwarmPlaces)?
    private let network: Network
    private let reaper: SwarmReaper?

    /// - Parameters:
    ///   - swarm: The Swarm that it is on.
    ///   - summary: Which cluster it is.
    ///   - known: The nodes, and where they are, if that is known; else its folder says it.
    ///   - network: What is known of its network.
    ///   - reaper: What takes the cluster away if this process dies.
    init(
        _ swarm: Swarm, _ summary: ClusterSummary, known: (nodes: [ProvisionedNode], places: SwarmPlaces)? = nil,
        network: Network = Network(), reaper: SwarmReaper? = nil
    ) {
        self.swarm = swarm
        self.summary = summary
        self.known = known
        self.network = network
        self.reaper = reaper
    }

    struct Network {
        /// Whether all nodes may talk with each other from the beginning.
        var isOpen = false
        var isEncrypted = false
    }

    package var nodes: [ProvisionedNode] { known?.nodes ?? summary.inventory?.nodes.map(ProvisionedNode.init) ?? [] }

    /// The process that made it may be anywhere.
    package var hostIP: String? { nil }

    package func states() async throws -> [String: NodeState] {
        let parts = try places.parts(of: self)
        let states = await withTaskGroup(of: [String: NodeState].self) { group in
            for part in parts {
                group.addTask {
                    if let states = try? await part.cluster.states() { return states }
                    // A machine that does not answer has no nodes that run.
                    return Dictionary(
                        uniqueKeysWithValues: part.nodes.map { ($0, .exited(code: Self.lostWithMachine)) })
                }
            }
            return await group.reduce(into: [:]) { $0.merge($1) { $1 } }
        }
        // If not one machine knows of any, it is gone.
        if !states.values.contains(where: { $0 != .exited(code: Self.lostWithMachine) }) { throw lost }
        return states
    }

    /// No program ends so.
    private static let lostWithMachine = 255

    package func cause(ofEndOf node: String) async -> String? {
        guard let places = try? places, let machine = places[node] else { return nil }
        let facts = try? await swarm.machines().first { $0.id == machine.id }
        if let facts, facts.hindrance == nil, (try? await places.part(of: node, self)?.states()) != nil { return nil }
        let state = facts?.hindrance.map { ", of which the Swarm says that \($0)" } ?? ""
        return "It was lost with its machine \(machine.name)\(state)."
    }

    package func logs() async throws -> [String: String] {
        let parts = try places.parts(of: self)
        return await withTaskGroup(of: [String: String].self) { group in
            for part in parts { group.addTask { (try? await part.cluster.logs()) ?? [:] } }
            return await group.reduce(into: [:]) { $0.merge($1) { $1 } }
        }
    }

    package func followLogs(of nodes: [String]) throws -> [(node: String, program: Command)] {
        try places.parts(of: self).flatMap { part in part.cluster.followLogs(of: nodes.filter(part.nodes.contains)) }
    }

    package func execute(_ words: [String], on node: String, streams: ProgramStreams) async throws -> Int32 {
        try await part(of: node).execute(words, on: node, streams: streams)
    }

    /// The engines run it, whoever asked for it.
    package func detach() async throws { await reaper?.dismiss() }

    package var removalCommand: String {
        let machines = (try? places.parts(of: self).map(\.cluster.engine.typed)) ?? []
        let list = DockerArguments.listed(summary.id).map(shellQuoted).joined(separator: " ")
        let containers = machines.map { "\($0) \(list) | xargs -r \($0) rm -fv" }
        return (containers + ["\(swarm.manager.typed) network rm \(DockerArguments.network(summary.id))"])
            .joined(separator: "; ")
    }
}

extension SwarmCluster {
    /// Where the nodes are.
    ///
    /// - Throws: ``ClusterError`` with the code `clusterLost` if nothing says it.
    var places: SwarmPlaces {
        get throws {
            if let places = known?.places { return places }
            guard let folder = summary.workspace.opened?.folder, let places = try? SwarmPlaces(in: folder) else {
                throw lost
            }
            return places
        }
    }

    /// What a node's machine has of the cluster.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` if there is no such node.
    func part(of node: String) throws -> DockerCluster {
        _ = try index(of: node)
        guard let part = try places.part(of: node, self) else { throw lost }
        return part
    }
}

extension SwarmCluster {
    /// Nodes on one machine reach those on the others, which takes more than a Swarm looks at: UDP between all machines.
    package func joined() async throws {
        let first = try places.parts(of: self).compactMap { part in nodes.first { part.nodes.contains($0.name) } }
        guard first.count > 1, network.isOpen else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in first {
                group.addTask { try await requireWay(from: node, to: first.filter { $0.name != node.name }) }
            }
            // The first that is told is enough.
            for try await _ in group {}
        }
    }

    private func requireWay(from node: ProvisionedNode, to others: [ProvisionedNode]) async throws {
        let script = "for ip; do { timeout 10 bash -c \"</dev/tcp/$ip/22\" 2>/dev/null || echo $ip; } & done; wait"
        let output = try await execute(["bash", "-c", script, "bash"] + others.map(\.ip), on: node.name)
        guard output.succeeded, let ip = output.lines.first, let other = others.first(where: { $0.ip == ip }) else {
            return
        }
        let (here, there) = (try places[node.name]?.name ?? "", try places[other.name]?.name ?? "")
        throw ClusterError(
            .notReady, "\(node.name) on \(here) does not reach \(other.name) on \(there), although the Swarm has both.",
            node: node.name,
            remedy: network.isEncrypted
                ? "Let UDP port 4789 (VXLAN), port 7946 and IP protocol 50 (ESP) pass between \(here) and \(there), whose kernels need ESP (`modprobe esp4`)."
                : "Let UDP port 4789 (VXLAN) and port 7946 pass between \(here) and \(there).")
    }

    /// Takes away what the machines have of it that answer. Where one does not, or the network can't go yet, a service of the Swarm's goes
    /// on, until the machine is back.
    package func destroy() async throws {
        let parts = try await destructibleParts()
        let silent = await withTaskGroup(of: String?.self) { group in
            for part in parts {
                group.addTask {
                    do { try await part.destroy() } catch { return part.engine.machine }
                    return nil
                }
            }
            return await group.reduce(into: [String]()) { if let name = $1 { $0.append(name) } }
        }
        if silent.isEmpty, try await removeNetwork() {
            await reaper?.dismiss()
            return
        }
        // One whose engine was started again has ended.
        if (try? await reaper?.release()) == nil { try await startReaper().release() }
        Progress.say(
            "cluster \(summary.name) is not wholly removed yet from \(silent.isEmpty ? "the Swarm" : silent.sorted().joined(separator: " and ")): a service of the Swarm's removes the rest as soon as it can"
        )
    }

    private func startReaper() async throws -> SwarmReaper {
        let image = try await DockerImages(engine: swarm.manager).ensure(.node, timeline: Timeline(Progress()))
        let machines: [String]
        if let known = try? places.machines {
            machines = known
        } else {
            machines = try await swarm.machines().map(\.id)
        }
        let reaper = try await SwarmReaper.begin(summary.id, on: swarm.manager, image: image)
        reaper.include(machines)
        try await reaper.watching()
        return reaper
    }

    /// Those of the machines that have nodes, if that is known; else those of all machines.
    private func destructibleParts() async throws -> [DockerCluster] {
        if let places = try? places { return places.parts(of: self).map(\.cluster) }
        var parts: [DockerCluster] = []
        for machine in try await swarm.machines() {
            guard let engine = try? await swarm.engine(of: machine) else { continue }
            parts.append(DockerCluster(engine: engine, summary: summary))
        }
        return parts
    }

    /// Machines tell the Swarm a moment later that nothing of theirs is on a network any more, and the manager's engine has one a moment
    /// longer than the Swarm.
    ///
    /// - Returns: Whether it is gone.
    private func removeNetwork() async throws -> Bool {
        let network = DockerArguments.network(summary.id)
        var isRemoved = false
        var pauses = Pauses(upTo: .milliseconds(100))
        for _ in 0..<300 {
            let removal = try await swarm.manager.ask(["network", "rm", network])
            isRemoved = isRemoved || removal.succeeded
            // The Swarm takes what is to be a pattern for the beginning of a name.
            let left = try await swarm.manager.ask(
                ["network", "ls", "--format", "{{.Name}}", "--filter", "name=\(network)"])
            if left.succeeded, !left.lines.contains(network) {
                // An engine tells of none of a Swarm's networks while the Swarm can't agree: somebody else's removal is believed if it can.
                if isRemoved { return true }
                if try await swarm.manager.ask(["node", "ls", "--quiet"]).succeeded { return true }
            }
            try? await pauses.pass()
        }
        return false
    }
}

import Foundation

/// Nodes as containers on the machines of a Docker Swarm, on one attachable network of the Swarm's.
///
/// A node is a container that its machine's engine runs, and no task of a service: a task has an address only once it runs, so that no node
/// could be told of the others before; its ports are open on all of its machine's interfaces; and it can't be started again with the files
/// that it had.
package struct SwarmBackend: Backend {
    static let identifier = "swarm"
    package let name = Self.identifier
    package let clusterType: any BackendCluster.Type = SwarmCluster.self
    let options: SwarmOptions
    let swarm: Swarm

    package init(_ options: SwarmOptions = SwarmOptions()) {
        self.options = options
        swarm = Swarm(options.engine)
    }

    package func checkSettings() throws {
        for constraint in options.constraints { _ = try SwarmConstraint(constraint) }
    }

    package func availability() async -> Availability { await swarm.availability() }

    package func check(_ plan: ClusterPlan) throws {
        for image in Set(plan.nodes.map(\.image)) { try DockerImages.check(image) }
        if plan.configuration.packets {
            throw Self.refusal("Packets can't be recorded", "the files of them are to be on this machine")
        }
        if let folder = plan.mounts.first?.source {
            throw Self.refusal(
                "The folder \(folder) of this machine can't be on nodes", "they are on other machines",
                remedy: "Copy what the nodes need: `node.upload`.")
        }
        if plan.services.contains(where: { ($0.service as? SharedFolder)?.bytesPerSecond != nil }) {
            throw Self.refusal("A shared folder can't be slow", "containers have no FUSE")
        }
        if try options.hasGateway, let node = plan.nodes.first(where: { !$0.ports.isEmpty }) {
            throw Self.refusal(
                "Port \(node.ports[0].nodePort) of \(node.name) can't be published",
                "the nodes are reached through one of them alone", remedy: "Use `node.forward`.")
        }
        let needed = Subnet.bits(nodes: Self.room(for: plan.nodes.count))
        if plan.subnets.bits > needed {
            throw Self.refusal(
                "The range \(plan.subnets) is too small for \(plan.nodes.count) nodes",
                "half of a subnet is for the Swarm's own addresses, and they take a /\(needed)",
                remedy: "Name a larger range (`subnets`, or \(SubnetRange.variable)).")
        }
        if plan.configuration.ipv6 {
            throw Self.refusal("Nodes can't have addresses of IPv6", "the Swarm's network does not carry them")
        }
        if plan.configuration.site.secondInterface != nil {
            throw Self.refusal(
                "Nodes can't have a second interface", "the Swarm's network carries no addresses but those that it gave"
            )
        }
    }

    package func lack(of need: ClusterNeed) async -> String? {
        need == .thisMachine ? "The nodes are on a Swarm's machines." : nil
    }

    private static func refusal(_ what: String, _ reason: String, remedy: String? = nil) -> ClusterError {
        ClusterError(
            .invalidConfiguration, "\(what) with the swarm backend: \(reason).",
            remedy: remedy ?? "Take the docker or namespaces backend.")
    }

    /// Made once, on the manager. The machines get it when it is known which have nodes.
    package func prepare(_ image: NodeImage, timeline: Timeline) async throws -> PreparedImage {
        PreparedImage([try await DockerImages(engine: swarm.manager).ensure(image, timeline: timeline)])
    }

    package func provision(
        _ plan: ClusterPlan, credentials: Credentials, images: @escaping @Sendable () async throws -> PreparedImages
    ) async throws -> any BackendCluster {
        let summary = ClusterSummary(plan, backend: name)
        let gateway = try options.hasGateway ? plan.layout.login.name : nil
        let placement = try await placement(of: plan, gateway: gateway)
        let engines = try await engines(of: placement.distinct)
        for machine in placement.distinct {
            let nodes = zip(plan.nodes, placement.machines).filter { $1.id == machine.id }.map(\.0)
            try await engines[machine.id]?.requireDiskLimits(of: nodes)
        }
        let places = SwarmPlaces(
            placement.machines, of: plan.nodeNames, engines: engines, registry: options.chosenRegistry)
        try places.write(to: plan.workspace.folder)
        let timeline = Timeline(Progress())
        let own = try await DockerImages(engine: swarm.manager).ensure(.node, timeline: timeline)
        // From here on, nothing is made that would not be removed.
        let reaper = try await SwarmReaper.begin(plan.id, on: swarm.manager, image: own)
        do {
            async let watching: Void = reaper.watching()
            async let subnet = createNetwork(plan)
            let prepared = try await images()
            let names = Dictionary(
                prepared.all.map { ($0, $1.parts[0]) }, uniquingKeysWith: { first, _ in first })
            // What removes nodes on a machine runs in the first image.
            try await carry([own] + Set(names.values).subtracting([own]), to: Array(engines.values), timeline)
            reaper.include(placement.distinct.map(\.id))
            let files = NodeFiles(plan, in: try await subnet, hostIP: nil, credentials: credentials)
            let start = SwarmStart(
                plan: plan, subnet: try await subnet, files: files, machines: placement.machines, engines: engines,
                images: names, gateway: gateway)
            let ports = try await start.run()
            try await watching
            let nodes = start.nodes(at: ports, credentials: credentials)
            return SwarmCluster(
                swarm, summary, known: (nodes, places),
                network: SwarmCluster.Network(isOpen: plan.conditions == .healthy, isEncrypted: options.isEncrypted),
                reaper: reaper)
        } catch {
            throw UnfinishedCluster(
                SwarmCluster(swarm, summary, known: ([], places), reaper: reaper), cause: error)
        }
    }

    private func placement(of plan: ClusterPlan, gateway: String?) async throws -> SwarmPlacement {
        let place = gateway == nil ? nil : try await swarm.managersMachine
        func placed(over machines: [SwarmMachine]) throws -> SwarmPlacement {
            try SwarmPlacement(plan, over: machines, options, gateway: gateway, on: place)
        }
        let known = try await swarm.machines(notOlderThan: Swarm.moment)
        do { return try placed(over: known) } catch is ClusterError {
            // What was so a moment ago may be otherwise now.
            return try placed(over: await swarm.machines())
        }
    }

    private func engines(of machines: [SwarmMachine]) async throws -> [String: DockerEngine] {
        try await withThrowingTaskGroup(of: (String, DockerEngine).self) { group in
            for machine in machines { group.addTask { (machine.id, try await swarm.engine(of: machine)) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func carry(_ names: [String], to engines: [DockerEngine], _ timeline: Timeline) async throws {
        let images = SwarmImages(manager: swarm.manager, registry: options.chosenRegistry, timeline: timeline)
        // A machine that gets two at once gets neither sooner.
        for name in names { try await images.ensure(name, on: engines) }
    }

    package func clusters(includingRemains: Bool) async throws -> [any BackendCluster] {
        // A machine without a Swarm has none.
        if swarm.manager.missingSocket != nil { return [] }
        guard (try? await swarm.managersMachine) != nil else { return [] }
        async let networks = includingRemains ? swarm.networkRecords() : []
        var records: [DockerRecord] = []
        try await withThrowingTaskGroup(of: [DockerRecord].self) { group in
            for machine in try await swarm.machines(notOlderThan: Swarm.moment) where machine.hindrance == nil {
                group.addTask {
                    // Of a machine that does not answer nothing is known.
                    guard let engine = try? await swarm.engine(of: machine) else { return [] }
                    return (try? await engine.records(.containers)) ?? []
                }
            }
            for try await found in group { records += found }
        }
        records += try await networks
        return Dictionary(grouping: records, by: \.cluster).values.compactMap(DockerRecord.summary)
            .sorted { $0.id < $1.id }.map { SwarmCluster(swarm, $0) }
    }

    /// A container of the Swarm's does it: this machine may be the one that is gone.
    package func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript? { nil }
}

extension Swarm {
    /// The addresses of IPv4 that its networks have, whosever they are.
    func addressRanges() async throws -> [MachineNetworks.Network] {
        let ids = try await manager.ask(["network", "ls", "--quiet", "--filter", "scope=swarm"]).lines
        if ids.isEmpty { return [] }
        let format = "{{range .IPAM.Config}}{{println .Subnet}}{{end}}"
        // Of those that have gone meanwhile it complains, beside the others' addresses.
        return try await manager.ask(["network", "inspect", "--format", format] + ids).lines.compactMap {
            SubnetRange.parts(of: $0).map { ($0.address, SubnetRange.mask($0.bits)) }
        }
    }

    /// The networks of this user's clusters on the Swarm.
    func networkRecords() async throws -> [DockerRecord] {
        let asker = DockerEngine(
            command: manager.command, host: manager.host, context: manager.context, machine: SwarmStart.all)
        return try await asker.records(.networks)
    }
}

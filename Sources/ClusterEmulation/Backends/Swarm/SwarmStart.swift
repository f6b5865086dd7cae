/// The nodes of a cluster, as they are started on a Swarm's machines.
struct SwarmStart: Sendable {
    /// What bears this in the place of a machine's name is the Swarm's.
    static let all = "all"

    let plan: ClusterPlan
    let subnet: Subnet
    let files: NodeFiles
    /// The machine of each node, in the nodes' order.
    let machines: [SwarmMachine]
    /// The machines' engines, by the Swarm's names for the machines.
    let engines: [String: DockerEngine]
    /// What engines call the nodes' images.
    let images: [NodeImage: String]
    /// The name of the node through which alone the others are reached; nil if each is reached on its machine.
    let gateway: String?

    /// Starts all of them.
    ///
    /// - Returns: The ports of each, by its name.
    /// - Throws: ``ClusterError``; `CancellationError`.
    func run() async throws -> [String: PublishedPorts] {
        var taken: [String: Set<Int>] = [:]
        let ports = try zip(plan.nodes, machines).map { node, machine in
            if isBehind(node) { return PublishedPorts.none }
            return try PublishedPorts(of: node, besides: &taken[machine.id, default: []], choose: Self.choose)
        }
        let recipe = Locked<[String: [String]]>([:])
        let used = try await plan.startNodes { [taken] index, node in
            try await run(node, index, at: ports[index], besides: taken[machines[index].id] ?? [], noting: recipe)
        }
        try DockerRecipe(recipe.withLock { $0 }, plan).write(to: plan.workspace.folder)
        return used
    }

    /// Starts a node; where somebody else has one of its ports on the machine, with other ports.
    private func run(
        _ node: PlannedNode, _ index: Int, at first: PublishedPorts, besides others: Set<Int>,
        noting recipe: Locked<[String: [String]]>
    ) async throws -> PublishedPorts {
        let machine = machines[index]
        guard let engine = engines[machine.id], let image = images[node.image] else {
            preconditionFailure("\(node.name) is a node of another plan")
        }
        let folder = try DockerNodeFolder.write(plan, node: node, in: subnet, files: files)
        let container = DockerArguments.container(plan.id, node.name)
        var taken = others
        return try await first.changing { ports in
            let words = DockerArguments.run(
                plan, node: node, image: image, address: subnet.addresses(plan.nodes.count)[index],
                ports: ports,
                on: .machine(machine.name, address: machine.address))
            // What is made is seen through: the next step finds it, or the end of the cluster does.
            recipe.withLock { $0[node.name] = words }
            for step in [words, DockerArguments.give(folder, to: container)] {
                try await change(step, node, on: machine, engine)
            }
            try await NetworkJoins.shared.start(plan.id, on: machine.id) {
                try await change(["start", container], node, on: machine, engine)
            }
        } otherwise: {
            try await engine.change(
                ["rm", "--force", "--volumes", container], node: node.name,
                else: "\(node.name) could not be started again")
            return try PublishedPorts(of: node, besides: &taken, choose: Self.choose)
        }
    }

    private func change(
        _ words: [String], _ node: PlannedNode, on machine: SwarmMachine, _ engine: DockerEngine
    ) async throws {
        do {
            try await engine.change(words, node: node.name, else: "\(node.name) could not be started")
        } catch let error as ClusterError {
            throw ClusterError(
                error.code, "On \(machine.name): \(error.message)", node: node.name,
                underlying: error.underlying, log: error.log,
                remedy: DockerBackend.remedy(for: error.message) ?? error.remedy)
        }
    }

    private func isBehind(_ node: PlannedNode) -> Bool { gateway.map { $0 != node.name } ?? false }

    /// Nobody knows here which ports are free there. Of these, a kernel gives none away by itself, and usual services have none.
    private static func choose(_ transport: PublishedPort.Transport, besides taken: Set<Int>) throws -> Int {
        guard let port = (20000...32000).filter({ !taken.contains($0) }).randomElement() else {
            throw ClusterError(.provisioningFailed, "No port is left on a machine of the Swarm.")
        }
        return port
    }

    func nodes(at ports: [String: PublishedPorts], credentials: Credentials) -> [ProvisionedNode] {
        let (addresses, second) = (subnet.addresses(plan.nodes.count), plan.secondAddresses(beside: subnet))
        return plan.nodes.enumerated().compactMap { index, planned in
            ports[planned.name].map { ports in
                ProvisionedNode(
                    name: planned.name, fqdn: plan.fqdn(planned.name), role: planned.role,
                    host: isBehind(planned) ? addresses[index] : machines[index].address, port: ports.ssh,
                    ip: addresses[index], secondIP: second?[index],
                    hostKeys: credentials.publicHostKeys(of: planned.name), publishedPorts: ports.others,
                    behind: isBehind(planned) ? gateway : nil)
            }
        }
    }
}

extension SwarmBackend {
    /// The number of nodes that have a subnet of twice the size. The nodes are in its lower half, and the upper half is the Swarm's, which gives each machine an
    /// address, and another one each time that the machine comes back: the next that is free, whether or not a node is to have it.
    static func room(for nodes: Int) -> Int { 2 * (nodes + Int(Subnet.firstNode)) - Int(Subnet.firstNode) }

    /// So many have subnets of one size. A Swarm compares upper halves alone: it then finds that another cluster, made at the same moment, has the subnet.
    private static let usual = 244

    /// Makes the cluster's network. A Swarm takes a network whose addresses another one has, and never sets it up; and it does not tell when
    /// it has set one up.
    func createNetwork(_ plan: ClusterPlan) async throws -> Subnet {
        let network = DockerArguments.network(plan.id)
        for _ in 0..<20 {
            var known = MachineNetworks.current
            known.connected += try await swarm.addressRanges()
            let subnet = try Subnet.free(
                nodes: Self.room(for: max(plan.nodes.count, Self.usual)), in: plan.subnets, besides: known)
            try await swarm.manager.change(
                DockerArguments.createOverlay(plan, subnet, isEncrypted: options.isEncrypted),
                else: "No network could be made for cluster \(plan.name)")
            try Task.checkCancellation()
            if try await isSetUp(network) { return subnet }
            try await swarm.manager.change(["network", "rm", network], else: "The network could not be removed")
        }
        throw ClusterError(
            .provisioningFailed,
            "The Swarm did not set up a network for cluster \(plan.name), with any of the addresses that were tried.",
            remedy: "See what its managers log, and which addresses `docker network ls --filter scope=swarm` has.")
    }

    private func isSetUp(_ network: String) async throws -> Bool {
        var pauses = Pauses(upTo: .milliseconds(100))
        for _ in 0..<30 {
            let driver = try await swarm.manager.ask(["network", "inspect", "--format", "{{.Driver}}", network])
            if driver.lines == ["overlay"] { return true }
            try await pauses.pass()
        }
        return false
    }
}

extension DockerArguments {
    /// Makes a network of a Swarm's, on which its machines' own containers may be.
    static func createOverlay(_ plan: ClusterPlan, _ subnet: Subnet, isEncrypted: Bool) -> [String] {
        ["network", "create", "--driver", "overlay", "--attachable", "--subnet", subnet.description]
            + ["--gateway", subnet.gatewayText, "--ip-range", subnet.upperHalf]
            + (isEncrypted ? ["--opt", "encrypted"] : []) + labels(plan, machine: SwarmStart.all) + [network(plan.id)]
    }

    /// All containers of a cluster on one machine, by their names.
    static func listed(_ cluster: ClusterID) -> [String] {
        ["ps", "--all", "--quiet"] + labelled(cluster) + ["--filter", "name=^/?\(network(cluster))-"]
    }
}

/// Nodes as containers of a Docker-compatible engine on this machine.
package struct DockerBackend: Backend {
    static let identifier = "docker"
    package let name = Self.identifier
    package let clusterType: any BackendCluster.Type = DockerCluster.self
    package let engine: DockerEngine

    package init(_ engine: DockerEngine) { self.engine = engine }

    package func availability() async -> Availability { await engine.availability() }

    package func check(_ plan: ClusterPlan) throws {
        for image in Set(plan.nodes.map(\.image)) { try DockerImages.check(image) }
        if plan.services.contains(where: { ($0.service as? SharedFolder)?.bytesPerSecond != nil }) {
            throw ClusterError(
                .invalidConfiguration, "A shared folder can't be slow with Docker, whose containers have no FUSE.",
                remedy: "Leave out `bytesPerSecond`, or take the namespaces backend.")
        }
    }

    package func prepare(_ image: NodeImage, timeline: Timeline) async throws -> PreparedImage {
        PreparedImage([try await DockerImages(engine: engine).ensure(image, timeline: timeline)])
    }

    /// The network and the image don't depend on each other, so they are made at the same time.
    package func provision(
        _ plan: ClusterPlan, credentials: Credentials, images: @escaping @Sendable () async throws -> PreparedImages
    ) async throws -> any BackendCluster {
        let summary = ClusterSummary(plan, backend: name)
        try await engine.requireDiskLimits(of: plan.nodes)
        do {
            async let prepared = images()
            let subnet = try await createNetwork(plan)
            // The engine's network is one of this machine's, unless the engine has a network, or a machine, of its own.
            let isHere = MachineNetworks.current.connected.contains(where: subnet.isSame)
            let hostIP = isHere ? subnet.gatewayText : nil
            let files = NodeFiles(plan, in: subnet, hostIP: hostIP, credentials: credentials)
            let ports = try await run(plan, images: prepared, in: subnet, files: files)
            let nodes = nodes(plan, in: subnet, at: ports, credentials: credentials)
            return DockerCluster(engine: engine, summary: summary, known: (nodes, hostIP))
        } catch {
            throw UnfinishedCluster(DockerCluster(engine: engine, summary: summary), cause: error)
        }
    }

    package func clusters(includingRemains: Bool) async throws -> [any BackendCluster] {
        if engine.missingSocket != nil { return [] }
        // What is left of a cluster may be a network without containers.
        async let networks = includingRemains ? engine.records(.networks) : []
        let found = try await engine.records(.containers) + networks
        return Dictionary(grouping: found, by: \.cluster).values.compactMap(DockerRecord.summary)
            .sorted { $0.id < $1.id }.map { DockerCluster(engine: engine, summary: $0) }
    }
}

extension DockerBackend {
    /// Another cluster, or anything else on this machine, may have the addresses already: then others are tried. An engine
    /// knows of its own networks only, and clusters without an engine choose at the same time: so this looks again when the network is there.
    private func createNetwork(_ plan: ClusterPlan) async throws -> Subnet {
        var complaint = ""
        for _ in 0..<20 {
            let subnet = try Subnet.free(nodes: plan.nodes.count, in: plan.subnets)
            let output = try await uncancelled { try await engine.ask(DockerArguments.createNetwork(plan, subnet)) }
            try Task.checkCancellation()
            if output.succeeded {
                // One is the network's own.
                if MachineNetworks.current.collisions(with: subnet, of: plan.subnets) < 2 { return subnet }
                complaint = "another network of this machine has the addresses \(subnet) as well"
                try await engine.change(
                    ["network", "rm", DockerArguments.network(plan.id)], else: "The network could not be removed")
                continue
            }
            complaint = DockerEngine.cause(output.complaint)
            // Docker says that the pool "overlaps" with another, Podman that the subnet is "already used".
            guard complaint.contains("overlap") || complaint.contains("already used") else { break }
        }
        throw ClusterError(.provisioningFailed, "No network could be made for cluster \(plan.name): \(complaint)")
    }

    /// Starts all nodes.
    ///
    /// - Returns: The ports of each, by its name.
    private func run(
        _ plan: ClusterPlan, images: PreparedImages, in subnet: Subnet, files: NodeFiles
    ) async throws -> [String: PublishedPorts] {
        let (addresses, addresses6) = (subnet.addresses(plan.nodes.count), plan.addresses6)
        var taken: Set<Int> = []
        for node in plan.nodes { try LoopbackPort.requireFree(for: node) }
        let ports = try plan.nodes.map { try PublishedPorts(of: $0, besides: &taken) }
        let recipe = Locked<[String: [String]]>([:])
        let used = try await plan.startNodes { [taken] index, node in
            let folder = try DockerNodeFolder.write(plan, node: node, in: subnet, files: files)
            return try await run(node, of: plan, at: ports[index], besides: taken) { ports in
                let words = DockerArguments.run(
                    plan, node: node, image: images[node.image].parts[0], address: addresses[index],
                    address6: addresses6?[index], ports: ports, on: .here(files: folder))
                recipe.withLock { $0[node.name] = words }
                return words
            }
        }
        try DockerRecipe(recipe.withLock { $0 }, plan).write(to: plan.workspace.folder)
        return used
    }

    /// Starts a node; where somebody else was quicker to take a port, with other ports.
    private func run(
        _ node: PlannedNode, of plan: ClusterPlan, at first: PublishedPorts, besides taken: Set<Int>,
        _ arguments: (PublishedPorts) -> [String]
    ) async throws -> PublishedPorts {
        var taken = taken
        return try await first.changing {
            try await run(arguments($0), node.name)
        } otherwise: {
            try await engine.change(
                ["rm", "--force", "--volumes", DockerArguments.container(plan.id, node.name)], node: node.name,
                else: "\(node.name) could not be started again")
            return try PublishedPorts(of: node, besides: &taken)
        }
    }

    private func run(_ arguments: [String], _ node: String) async throws {
        do {
            try await engine.change(arguments, node: node, else: "\(node) could not be started")
        } catch let error as ClusterError {
            guard let remedy = Self.remedy(for: error.message) else { throw error }
            throw ClusterError(
                error.code, error.message, node: node, underlying: error.underlying, log: error.log, remedy: remedy)
        }
    }

    fileprivate static let otherStorage =
        "Leave out the limit of a node's disk, or keep the engine's data on btrfs, ZFS, or XFS mounted with pquota."

    /// What can be done about a limit that the engine can't give a node; nil for any other complaint.
    static func remedy(for complaint: String) -> String? {
        if complaint.contains("storage-opt") { return otherStorage }
        if complaint.contains("rlimit") {
            return
                "The engine may have no more itself: ask for lower limits of processes, or raise the engine's (`ulimit`)."
        }
        return nil
    }

    private func nodes(
        _ plan: ClusterPlan, in subnet: Subnet, at ports: [String: PublishedPorts], credentials: Credentials
    ) -> [ProvisionedNode] {
        let (addresses, second) = (subnet.addresses(plan.nodes.count), plan.secondAddresses(beside: subnet))
        let addresses6 = plan.addresses6
        return plan.nodes.enumerated().compactMap { index, planned in
            ports[planned.name].map { ports in
                ProvisionedNode(
                    name: planned.name, fqdn: plan.fqdn(planned.name), role: planned.role, host: "127.0.0.1",
                    port: ports.ssh, ip: addresses[index], ipv6: addresses6?[index], secondIP: second?[index],
                    hostKeys: credentials.publicHostKeys(of: planned.name), publishedPorts: ports.others)
            }
        }
    }
}

extension DockerEngine {
    /// Refuses limits of disks where the engine takes them and does not keep them: with containerd's image store (moby's
    /// `daemon/containerd/image_snapshot.go` reads no options), the usual one from Docker 29 on.
    ///
    /// - Throws: ``ClusterError``.
    func requireDiskLimits(of nodes: [PlannedNode]) async throws {
        guard let node = nodes.first(where: { $0.limits.disk != nil }) else { return }
        let status = try await ask(["info", "--format", "{{json .DriverStatus}}"])
        guard status.standardOutput.contains("io.containerd.snapshotter") else { return }
        let place = machine.map { "On \($0): " } ?? ""
        throw ClusterError(
            .provisioningFailed,
            "\(place)\(node.name) can't have a disk of its own size, since the engine keeps images with containerd.",
            node: node.name, remedy: DockerBackend.otherStorage)
    }
}

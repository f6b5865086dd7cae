import Foundation

/// Nodes as containers of a Docker-compatible engine on this machine.
package struct DockerBackend: Backend, NodeKilling {
    package let name = "docker"
    package let engine: DockerEngine

    package init(_ engine: DockerEngine) { self.engine = engine }

    package func availability() async -> Availability { await engine.availability() }

    package func check(_ configuration: ClusterConfiguration) throws { try DockerImages.check(configuration.image) }

    /// The network, the image and the keys don't depend on each other, so they are made at the same time.
    package func provision(
        _ plan: ClusterPlan, credentials: Task<Credentials, any Error>, progress: Progress
    ) async throws -> [NodeEndpoint] {
        async let image = image(plan.configuration.image, progress)
        let addresses = try await createNetwork(plan).addresses(plan.configuration.nodes)
        try await run(plan, image: image, addresses: addresses, credentials: credentials.value)
        return try await endpoints(plan, addresses: addresses)
    }

    package func prepare(_ image: NodeImage, progress: Progress) async throws -> [String] {
        [try await DockerImages(engine: engine).ensure(image, progress: progress)]
    }

    package func destroy(_ cluster: ClusterPlan.ID) async throws { try await destroy(cluster, attempts: 100) }

    private func destroy(_ cluster: ClusterPlan.ID, attempts: Int) async throws {
        // The question about networks is answered while the containers go; only then can a network go.
        async let networks = records(.networks, of: cluster)
        let containers = try await records(.containers, of: cluster)
        do {
            try await remove(["rm", "--force", "--volumes"], containers, "containers", of: cluster)
            try await remove(["network", "rm"], networks, "network", of: cluster)
        } catch {
            // Another process, or an engine that has just come back, may have been removing the same: what counts is
            // whether anything is left.
            let left = try await records(.containers, of: cluster) + records(.networks, of: cluster)
            if left.isEmpty { return }
            guard "\(error)".contains("already in progress"), attempts > 1 else { throw error }
            // The engine does not tell when it has removed what somebody else has asked it to.
            try await Task.sleep(for: .milliseconds(100))
            try await destroy(cluster, attempts: attempts - 1)
        }
    }

    package func states(of cluster: ClusterPlan.ID) async throws -> [String: NodeState] {
        let format = "{{index .Config.Labels \"\(DockerLabel.node)\"}} {{.State.Running}} {{.State.ExitCode}}"
        let containers = try await records(.containers, of: cluster).map(\.id)
        guard !containers.isEmpty else { return [:] }
        return try await lines(["inspect", "--type", "container", "--format", format] + containers).reduce(into: [:]) {
            let words = $1.split(separator: " ")
            guard words.count == 3 else { return }
            $0[String(words[0])] = words[1] == "true" ? .running : .exited(code: Int(words[2]) ?? -1)
        }
    }

    package func logs(of cluster: ClusterPlan.ID) async throws -> [String: String] {
        let nodes = try await states(of: cluster).keys
        return try await withThrowingTaskGroup(of: (String, String).self) { group in
            for node in nodes {
                group.addTask {
                    let output = try await engine.ask([
                        "logs", "--tail", "500", DockerArguments.container(cluster, node),
                    ])
                    // sshd writes to standard error, the start script to either.
                    return (node, output.standardOutput + output.standardError)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    package func followLogs(of nodes: [String], in cluster: ClusterSummary) -> [(node: String, program: Command)] {
        nodes.map { node in
            let container = DockerArguments.container(cluster.id, node)
            return (node, engine.command(["logs", "--follow", "--tail", "500", container]))
        }
    }

    package func clusters(withRemains: Bool) async throws -> [ClusterSummary] {
        if engine.missingSocket != nil { return [] }
        // What is left of a cluster may be a network without containers.
        async let networks = withRemains ? records(.networks) : []
        let found = try await records(.containers) + networks
        return Dictionary(grouping: found, by: \.cluster).values.compactMap(DockerRecord.summary).sorted {
            $0.id < $1.id
        }
    }

    package func kill(_ node: String, of cluster: ClusterPlan.ID) async throws {
        try await engine.change(
            ["kill", "--signal", "KILL", DockerArguments.container(cluster, node)], else: "\(node) could not be killed")
    }

    package func removalCommand(_ cluster: ClusterPlan.ID) -> String {
        func typed(_ words: [String]) -> String {
            engine.typed + " " + words.map(shellQuoted).joined(separator: " ")
        }
        // Without containers, `docker rm` would fail and the network stay: xargs -r runs nothing for an empty list.
        return "\(typed(DockerArguments.containers(of: cluster))) | xargs -r \(engine.typed) rm -fv "
            + "&& \(typed(DockerArguments.networks(of: cluster))) | xargs -r \(engine.typed) network rm"
    }
}

extension DockerBackend {
    private func image(_ image: NodeImage, _ progress: Progress) async throws -> String {
        let name = try await DockerImages(engine: engine).ensure(image, progress: progress)
        progress.done(.image)
        return name
    }

    /// Another cluster, or anything else on this machine, may have the addresses already: then others are tried.
    private func createNetwork(_ plan: ClusterPlan) async throws -> Subnet {
        var complaint = ""
        for _ in 0..<20 {
            let subnet = Subnet.random(nodes: plan.configuration.nodes)
            let output = try await uncancelled { try await engine.ask(DockerArguments.createNetwork(plan, subnet)) }
            try Task.checkCancellation()
            if output.succeeded { return subnet }
            complaint = DockerEngine.cause(output.complaint)
            // Docker says that the pool "overlaps" with another, Podman that the subnet is "already used".
            guard complaint.contains("overlap") || complaint.contains("already used") else { break }
        }
        throw ClusterError(.provisioningFailed, "No network could be made for cluster \(plan.name): \(complaint)")
    }

    private func run(
        _ plan: ClusterPlan, image: String, addresses: [String], credentials: Credentials
    ) async throws {
        let files = NodeFiles(plan, addresses: addresses, credentials: credentials)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in plan.nodeNames.indices {
                let folder = try DockerNodeFolder.write(plan, node: node, files: files)
                let arguments = DockerArguments.run(
                    plan, node: node, image: image, address: addresses[node], files: folder)
                group.addTask {
                    do {
                        try await engine.change(arguments, else: "\(plan.nodeNames[node]) could not be started")
                    } catch let error as ClusterError where error.message.contains("storage-opt") {
                        throw ClusterError(
                            error.code, error.message,
                            remedy:
                                "Leave out the limit of a node's disk, or keep the engine's data on btrfs, ZFS, or XFS mounted with pquota."
                        )
                    }
                }
            }
            try await group.waitForAll()
        }
        try Task.checkCancellation()
    }

    private func endpoints(_ plan: ClusterPlan, addresses: [String]) async throws -> [NodeEndpoint] {
        let containers = plan.nodeNames.map { DockerArguments.container(plan.id, $0) }
        let answers = try await lines(DockerArguments.inspectPorts(containers))
        var endpoints: [NodeEndpoint] = []
        for (node, answer) in zip(plan.nodeNames, answers) {
            var ports = try PublishedPorts(json: answer).hostPorts
            guard let port = ports.removeValue(forKey: 22) else {
                throw ClusterError(
                    .notReady, "\(node) of cluster \(plan.name) was not ready, stage container: it ended at once.",
                    log: ClusterError.lastLines((try? await logs(of: plan.id)[node]) ?? ""),
                    remedy: "See its log; an image of your own must keep this package's entry point.")
            }
            endpoints.append(
                NodeEndpoint(host: "127.0.0.1", port: port, ip: addresses[endpoints.count], publishedPorts: ports))
        }
        return endpoints
    }

    /// What the engine has of a cluster, or of all clusters of this user.
    private func records(_ kind: DockerRecord.Kind, of cluster: ClusterPlan.ID? = nil) async throws -> [DockerRecord] {
        let answer = try await engine.ask(kind.list(cluster))
        // Podman words labels in its own way there, and is asked about each.
        let told = answer.succeeded ? answer.lines : try await inspected(kind, cluster)
        return told.compactMap { DockerRecord(kind, json: $0) }.filter { cluster == nil || $0.cluster == cluster }
    }

    private func inspected(_ kind: DockerRecord.Kind, _ cluster: ClusterPlan.ID?) async throws -> [String] {
        let ids = try await lines(kind.listIDs(cluster))
        // What vanishes between the two questions makes the second question fail. It is not a cluster any more; the others are still listed.
        return ids.isEmpty ? [] : try await engine.ask(kind.inspect(ids)).lines
    }

    private func remove(
        _ words: [String], _ records: [DockerRecord], _ things: String, of cluster: ClusterPlan.ID
    ) async throws {
        if records.isEmpty { return }
        try await engine.change(
            words + records.map(\.id), else: "The \(things) of cluster \(cluster) could not be removed")
    }

    private func lines(_ arguments: [String]) async throws -> [String] {
        let output = try await engine.ask(arguments)
        guard output.succeeded else {
            throw ClusterError(
                .provisioningFailed,
                "`\(engine.command) \(arguments.first ?? "")` failed: \(DockerEngine.cause(output.complaint))")
        }
        return output.lines
    }
}

/// The published ports of a container, as `docker inspect` prints them.
package struct PublishedPorts {
    /// The ports of this machine by the container's.
    package let hostPorts: [Int: Int]

    private struct Binding: Decodable {
        let HostPort: String
    }

    package init(json: String) throws {
        let bindings = try JSONDecoder().decode([String: [Binding]?].self, from: Data(json.utf8))
        hostPorts = bindings.reduce(into: [:]) { ports, entry in
            guard let port = Int(entry.key.split(separator: "/").first ?? ""),
                let hostPort = entry.value?.first.flatMap({ Int($0.HostPort) })
            else { return }
            ports[port] = hostPort
        }
    }
}

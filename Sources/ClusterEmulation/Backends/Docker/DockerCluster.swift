/// A cluster of containers, made by this process or found on the engine: everything is asked of the engine.
package struct DockerCluster: BackendCluster {
    package let engine: DockerEngine
    package let summary: ClusterSummary
    private let known: (nodes: [ProvisionedNode], hostIP: String?)?

    /// - Parameters:
    ///   - engine: The engine that it is on.
    ///   - summary: Which cluster it is.
    ///   - known: The nodes and this machine's address, if they are known; else its folder says which they are.
    package init(
        engine: DockerEngine, summary: ClusterSummary, known: (nodes: [ProvisionedNode], hostIP: String?)? = nil
    ) {
        self.engine = engine
        self.summary = summary
        self.known = known
    }

    package var nodes: [ProvisionedNode] { known?.nodes ?? summary.inventory?.nodes.map(ProvisionedNode.init) ?? [] }

    package var hostIP: String? { known.map(\.hostIP) ?? summary.inventory?.hostIP }

    package func states() async throws -> [String: NodeState] {
        try await containerStates().mapValues(\.node)
    }

    package func logs() async throws -> [String: String] {
        let nodes = try await states().keys
        return try await withThrowingTaskGroup(of: (String, String).self) { group in
            for node in nodes {
                group.addTask {
                    let output = try await engine.ask(["logs", "--tail", "500", container(node)])
                    // sshd writes to standard error, the start script to either.
                    return (node, output.standardOutput + output.standardError)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    package func followLogs(of nodes: [String]) -> [(node: String, program: Command)] {
        nodes.map { ($0, engine.command(["logs", "--follow", "--tail", "500", container($0)])) }
    }

    /// Returns when the engine knows whether a node runs, where something on it was killed.
    private func settle(_ node: String) async throws {
        for _ in 0..<100 {
            guard try await state(of: node) == DockerRecord.ContainerState(.running, isPaused: false) else { return }
            let container = container(node)
            let isAwake = try await ExecutionGate.shared.execute(on: container) {
                try await engine.ask(DockerArguments.execute(["true"], in: container)).succeeded
            }
            if isAwake { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    package func execute(_ words: [String], on node: String, streams: ProgramStreams) async throws -> Int32 {
        try check(words, for: node)
        let container = container(node)
        let code = try await ExecutionGate.shared.execute(on: container) {
            try await engine.command(DockerArguments.execute(words, in: container)).run(streams: streams)
        }
        // The engine has the same exit codes for what it could not do itself.
        if code != 0 {
            // A program of a node that is just ending is told to have been killed before the node is told to have ended.
            if code == 137 { try await settle(node) }
            try await require(node, toBeAwakeFor: "run `\(words[0])`")
        }
        return code
    }

    /// The engine runs it, whoever asked for it.
    package func detach() async throws {}

    package func destroy() async throws { try await destroy(attempts: 100) }

    package var removalCommand: String {
        func typed(_ words: [String]) -> String {
            engine.typed + " " + words.map(shellQuoted).joined(separator: " ")
        }
        // Without containers, `docker rm` would fail and the network stay: xargs -r runs nothing for an empty list.
        let containers =
            "\(typed(DockerArguments.containersBeside(nodesOf: summary.id))); \(typed(DockerArguments.containers(of: summary.id)))"
        var command =
            "{ \(containers); } | sort -u | xargs -r \(engine.typed) rm -fv "
            + "&& \(typed(DockerArguments.networks(of: summary.id))) | xargs -r \(engine.typed) network rm"
        if hasKeptImages {
            command += " && \(typed(DockerArguments.keptImages(of: summary.id))) | xargs -r \(engine.typed) image rm"
        }
        return command
    }

    func container(_ node: String) -> String { DockerArguments.container(summary.id, node) }
}

extension DockerCluster {
    private func destroy(attempts: Int) async throws {
        // The question about networks is answered while the containers go; only then can a network go.
        async let networks = ownNetworks()
        let containers = try await engine.records(.containers, of: summary.id)
        do {
            try await remove(["rm", "--force", "--volumes"], containers, "containers")
            try await remove(["network", "rm"], networks, "network")
            try await removeKeptImages()
        } catch {
            // Another process, or an engine that has just come back, may have been removing the same: what counts is
            // whether anything is left.
            let left = try await engine.records(.containers, of: summary.id) + ownNetworks()
            if left.isEmpty { return }
            guard "\(error)".contains("already in progress"), attempts > 1 else { throw error }
            // The engine does not tell when it has removed what somebody else has asked it to.
            try await Task.sleep(for: .milliseconds(100))
            try await destroy(attempts: attempts - 1)
        }
    }

    /// A Swarm's network is not one of its machines'.
    private func ownNetworks() async throws -> [DockerRecord] {
        engine.machine == nil ? try await engine.records(.networks, of: summary.id) : []
    }

    private func remove(_ words: [String], _ records: [DockerRecord], _ things: String) async throws {
        if records.isEmpty { return }
        try await engine.change(
            words + records.map(\.id), else: "The \(things) of cluster \(summary.id) could not be removed")
    }
}

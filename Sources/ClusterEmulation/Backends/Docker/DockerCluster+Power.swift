extension DockerCluster: NodePower {
    package func kill(_ node: String) async throws {
        _ = try index(of: node)
        do {
            try await engine.change(
                ["kill", "--signal", "KILL", container(node)], node: node, else: "\(node) could not be killed")
        } catch {
            guard case .exited = try await state(of: node).node else { throw error }
        }
        // Told when it has ended.
        _ = try await engine.ask(["wait", container(node)])
        try await awaitEnd(of: node)
    }

    /// The node's first process ends the others: `docker/start-node`.
    package func stop(_ node: String) async throws {
        // What is frozen can't end in order.
        try await resume(node, evenIfEnded: true)
        try await engine.change(["stop", container(node)], node: node, else: "\(node) could not be stopped")
        try await awaitEnd(of: node)
    }

    /// Returns when the engine also tells that a node has ended. It does so a moment later than it knows.
    private func awaitEnd(of node: String) async throws {
        var pauses = Pauses(upTo: .milliseconds(20))
        for _ in 0..<1000 {
            if try await state(of: node).node != .running { return }
            try await pauses.pass()
        }
    }

    package func start(_ node: String) async throws {
        if try await state(of: node).isPaused { throw frozen(node, "be started") }
        try await engine.change(["start", container(node)], node: node, else: "\(node) could not be started")
    }
}

extension DockerCluster: NodePausing {
    package func pause(_ node: String) async throws -> Bool {
        _ = try index(of: node)
        do { try await ExecutionGate.shared.pause(container(node)) { try await freeze(node) } } catch {
            let state = try await state(of: node)
            guard state.node == .running else { throw ended(node, "be paused") }
            if state.isPaused { return false }
            throw error
        }
        return true
    }

    /// runc gives up after some milliseconds, with nothing frozen, where processes begin meanwhile or the machine has much to do. Its authors leave it
    /// to whoever asks to ask again (github.com/opencontainers/runc, pull requests 2791 and 4388).
    private func freeze(_ node: String) async throws {
        var pauses = Pauses(from: .milliseconds(2), upTo: .seconds(1))
        for attempt in 1...10 {
            do {
                try await engine.change(["pause", container(node)], node: node, else: "\(node) could not be paused")
                return
            } catch let error as ClusterError where attempt < 10 && error.message.contains("unable to freeze") {
                try await pauses.pass()
            }
        }
    }

    package func resume(_ node: String) async throws { try await resume(node, evenIfEnded: false) }

    private func resume(_ node: String, evenIfEnded: Bool) async throws {
        _ = try index(of: node)
        do {
            try await engine.change(["unpause", container(node)], node: node, else: "\(node) could not be resumed")
        } catch {
            let state = try await state(of: node)
            guard state.node == .running || evenIfEnded else { throw ended(node, "be resumed") }
            if state.isPaused { throw error }
        }
    }
}

extension DockerCluster {
    /// The states of the nodes' containers, by the nodes' names.
    ///
    /// - Throws: ``ClusterError`` with the code `clusterLost` if there is none.
    func containerStates() async throws -> [String: DockerRecord.ContainerState] {
        let nodes = try await engine.records(.containers, of: summary.id).filter(\.isNode)
        if nodes.isEmpty { throw lost }
        return Dictionary(nodes.map { ($0.node, $0.state) }) { first, _ in first }
    }

    /// How a node is.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` if there is no such node, or `clusterLost` if it was removed.
    func state(of node: String) async throws -> DockerRecord.ContainerState {
        _ = try index(of: node)
        guard let state = try await containerStates()[node] else { throw lost }
        return state
    }

    /// Refuses what takes a node that runs and is not frozen.
    func require(_ node: String, toBeAwakeFor what: String) async throws {
        let state = try await state(of: node)
        if state.isPaused { throw frozen(node, what) }
        if state.node != .running { throw ended(node, what) }
    }

    private func ended(_ node: String, _ what: String) -> ClusterError {
        ClusterError(.connectionLost, "\(node) can't \(what): it has ended.", node: node, remedy: "Start it first.")
    }

    private func frozen(_ node: String, _ what: String) -> ClusterError {
        ClusterError(.connectionLost, "\(node) can't \(what): it is paused.", node: node, remedy: "Resume it first.")
    }
}

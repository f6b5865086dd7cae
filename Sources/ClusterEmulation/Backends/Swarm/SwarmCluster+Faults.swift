// What a node's machine can do to it, each asked of that machine's engine.

extension SwarmCluster: NodePower {
    package func kill(_ node: String) async throws { try await part(of: node).kill(node) }
    package func stop(_ node: String) async throws { try await part(of: node).stop(node) }

    package func start(_ node: String) async throws {
        let part = try part(of: node)
        guard let machine = try places[node] else { throw lost }
        try await NetworkJoins.shared.start(summary.id, on: machine.id) { try await part.start(node) }
    }
}

extension SwarmCluster: NodePausing {
    package func pause(_ node: String) async throws -> Bool { try await part(of: node).pause(node) }
    package func resume(_ node: String) async throws { try await part(of: node).resume(node) }
}

extension SwarmCluster: NodeResetting {
    package func reset(_ nodes: [String]) async throws {
        for node in nodes { _ = try index(of: node) }
        let (id, places) = (summary.id, try places)
        let parts = places.parts(of: self).map { part in
            (cluster: part.cluster, nodes: nodes.filter(part.nodes.contains))
        }
        // A node that was taken away would be missed, if this ended half-way.
        try await uncancelled {
            _ = try await concurrently(parts.filter { !$0.nodes.isEmpty }, atMost: parts.count) { part in
                guard let machine = places[part.nodes[0]] else { throw lost }
                // A machine that has taken all of its nodes away joins the network anew.
                try await NetworkJoins.shared.start(id, on: machine.id) {
                    try await part.cluster.reset(part.nodes)
                }
            }
        }
    }
}

extension SwarmCluster: NetworkShaping {
    /// From containers beside the nodes, on the nodes' own machines.
    package func apply(_ conditions: NetworkConditions) async throws {
        let parts = try places.parts(of: self)
        if conditions != .healthy {
            let timeline = Timeline(Progress())
            let own = DockerImages(engine: swarm.manager)
            let images = SwarmImages(
                manager: swarm.manager, registry: try places.registry, timeline: timeline)
            let names = [
                try await own.ensure(.node, timeline: timeline), try await own.ensureNetworkShaper(timeline: timeline),
            ]
            for name in names { try await images.ensure(name, on: parts.map(\.cluster.engine)) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in parts { group.addTask { try await part.cluster.apply(conditions) } }
            try await group.waitForAll()
        }
    }
}

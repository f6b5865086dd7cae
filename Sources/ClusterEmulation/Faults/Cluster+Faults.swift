extension Cluster {
    /// Breaks something as long as a closure runs. It is healed however that ends: returning, throwing, or cancelled.
    ///
    /// ```swift
    /// let cluster = try Cluster.current
    /// try await cluster.under(.paused("node2"), .partitioned([["node1"], ["node2", "node3"]])) {
    ///     …
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - faults: What is broken, in this order; it is healed in the opposite order. Nodes that were killed or stopped are started again, without the
    ///     programs and services that ran on them.
    ///   - body: What to do meanwhile.
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; ``ClusterError`` if there is no such node, the backend can't do it, or it can't be healed.
    @discardableResult
    public nonisolated(nonsending) func under<Result>(
        _ faults: Fault..., body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await under(faults, body)
    }

    /// Breaks something as long as a closure runs. It is healed however that ends: returning, throwing, or cancelled.
    ///
    /// - Parameters:
    ///   - faults: What is broken.
    ///   - body: What to do meanwhile.
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; ``ClusterError`` if there is no such node, the backend can't do it, or it can't be healed.
    @discardableResult
    public nonisolated(nonsending) func under<Result>(
        _ faults: [Fault], _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await nodes[0].scene.under(faults, body)
    }
}

extension Cluster {
    /// Whether ``reset()`` can make it as new.
    package var canBeReset: Bool { handle is any NodeResetting }
}

/// Where faults happen, in the process that made the cluster.
struct FaultScene: Sendable {
    let cluster: any BackendCluster
    let access: SSHAccess
    let timeline: Timeline
    let nodes: @Sendable (String) -> Node?

    nonisolated(nonsending) func under<Result>(
        _ faults: [Fault], _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        // Of several, none is begun if one makes no sense.
        for fault in faults { try fault.check(cluster) }
        var begun: [BegunFault] = []
        let result: Result
        do {
            for fault in faults {
                try Task.checkCancellation()
                begun.append(try await begin(fault))
            }
            result = try await body()
        } catch {
            // What the body threw is what the caller wants to know; what could not be healed is printed as well.
            do { try await end(begun.reversed()) } catch { Progress.say("\(error)") }
            throw error
        }
        try await end(begun.reversed())
        return result
    }

    /// Begins a fault; seen through even if the task is cancelled, so that it is known what there is to be healed.
    @discardableResult
    func begin(_ fault: Fault) async throws -> BegunFault {
        try await explaining(fault.node) {
            let begun = try await fault.begin(on: cluster, timeline: timeline)
            if let node = fault.node, fault.endsNode { await access.forget(node) }
            return begun
        }
    }

    func end(_ fault: Fault) async throws {
        try await explaining(fault.node) { try await fault.end(on: cluster, timeline: timeline) }
    }

    /// Mends all that is broken at a place of a node, such as `ssh`, by `body`.
    func heal(_ node: String, _ place: String, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await explaining(node) {
            _ = try cluster.index(of: node)
            try cluster.requireOwnNodes(to: "healed")
            try await body()
        }
        timeline.endFaults(at: place, of: node)
    }

    /// Mends them all, even if the task is cancelled, and if one of them can't be.
    private func end(_ faults: [BegunFault]) async throws {
        try await uncancelled {
            var failure: (any Error)?
            for begun in faults {
                do {
                    try await explaining(begun.fault.node) { try await end(begun) }
                } catch { failure = failure ?? error }
            }
            if let failure { throw failure }
        }
    }

    private func end(_ begun: BegunFault) async throws {
        guard begun.fault.endsNode, let name = begun.fault.node, let node = nodes(name) else {
            return try await begun.end(on: cluster, timeline: timeline)
        }
        try await node.start()
    }

    /// A cluster that this process itself has stopped was not ended by something else.
    private func explaining<Result: Sendable>(
        _ node: String?, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        do { return try await uncancelled(body) } catch let error as ClusterError {
            guard await access.isClosed else { throw error }
            throw ClusterError(
                .noCluster,
                "\(node ?? "The network") can't be broken or healed: its cluster was stopped by this process.",
                node: node, underlying: error)
        }
    }
}

extension Fault {
    /// Whether the node's connections end with it.
    var endsNode: Bool { [.power(.killed), .power(.stopped)].contains(kind) }
}

extension Node {
    /// Makes an image of the node's files as they are at this moment: the node is frozen meanwhile, and goes on afterwards.
    ///
    /// Other clusters can have nodes of it, `ClusterFixture(nodes: 3, image: try await node.snapshot())`, in this run or another:
    /// `NodeImage.snapshot` takes its name, which `"\(image)"` and `cluster-fixture snapshot` give. The cluster's own keys are not in it.
    ///
    /// - Returns: The image.
    /// - Throws: ``ClusterError`` if the backend can't do that, or the image can't be made; `CancellationError`.
    public func snapshot() async throws -> NodeImage {
        try await cluster.whileFrozen([name]) { snapshots in try await snapshots.image(of: name) }
    }
}

extension Cluster {
    /// Keeps the files of all nodes as they are at this moment, and the folders of the cluster's own that they share. ``restore(_:)`` gives
    /// them back; they go with the cluster.
    ///
    /// The nodes are frozen meanwhile, and go on afterwards. Those of a cluster with services are stopped in order and started again, so
    /// that what services have in memory is kept too.
    ///
    /// - Parameter name: A name for it: 1 to 32 lower-case letters, digits and hyphens, a letter first. One of the same name is replaced.
    /// - Throws: ``ClusterError`` if the backend can't do that, or the name can't be; `CancellationError`.
    public func snapshot(_ name: String) async throws {
        try Snapshots.check(name)
        let snapshots = Snapshots(of: handle)
        if services.isEmpty { return try await snapshots.keep(as: name) }
        try await runtime.restart { try await snapshots.keep(.stopped, as: name) }
    }

    /// Makes the cluster what it was at a ``snapshot(_:)``: all processes are ended, files are those that were kept, and the nodes and
    /// services are started again. Names, addresses, ports and keys stay.
    ///
    /// - Parameter name: The snapshot's name.
    /// - Throws: ``ClusterError`` if there is no such snapshot, or a node or a service does not become ready; `CancellationError`.
    public func restore(_ name: String) async throws {
        try await runtime.restart { try await Snapshots(of: handle).give(name) }
    }

    /// Starts a second cluster whose nodes have the files that these have at this moment, with keys, addresses and ports of its own. The
    /// caller stops it.
    ///
    /// - Parameters:
    ///   - name: A name for it, or nil to choose one.
    ///   - file: Where it is started, for the message that it was never stopped.
    ///   - line: The line there.
    /// - Returns: The cluster, which is ready.
    /// - Throws: ``ClusterError`` if the backend can't do that, or as ``start(_:file:line:)`` does; `CancellationError`.
    public func fork(
        name: String? = nil, file: StaticString = #fileID, line: UInt = #line
    ) async throws -> Cluster {
        let snapshots = Snapshots(of: handle)
        let kept = try await keepForFork(snapshots)
        defer { try? snapshots.remove(kept) }
        let fork = try await Cluster.start(
            runtime.plan.configuration.forked(as: name), timeline: Timeline(Progress()))
        do {
            try await fork.runtime.restart {
                try await Snapshots(of: fork.handle).give(snapshots.folder(kept), isForeign: true)
            }
            fork.mustBeStopped(startedAt: "\(file):\(line)")
            return fork
        } catch {
            // The failure is the caller's news.
            do { try await fork.stop() } catch { Progress.say("\(error)") }
            throw error
        }
    }

    private func keepForFork(_ snapshots: Snapshots) async throws -> String {
        if services.isEmpty { return try await snapshots.keep() }
        let kept = Locked("")
        try await runtime.restart {
            let name = try await snapshots.keep(.stopped)
            kept.withLock { $0 = name }
        }
        return kept.withLock { $0 }
    }
}

extension ClusterConfiguration {
    /// The same with another name. Ports of this machine can't be had twice: free ones take their place.
    fileprivate func forked(as name: String?) -> ClusterConfiguration {
        func free(_ ports: [PublishedPort]) -> [PublishedPort] {
            ports.map { PublishedPort($0.nodePort, on: nil, $0.transport) }
        }
        var configuration = self
        configuration.name = name
        configuration.ports = free(ports)
        configuration.roles = roles.map { role in
            var role = role
            role.ports = free(role.ports)
            return role
        }
        return configuration
    }
}

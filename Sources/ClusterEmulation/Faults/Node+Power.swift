extension Node {
    /// Ends all the node's processes at once, as a power cut would: its files stay as they were on disk; the other nodes go on running.
    ///
    /// A node that has ended stays as it is. Its published ports refuse connections until it is started again.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that.
    public func kill() async throws {
        try await power("kill a single node").kill(name)
        timeline.note(.killed, node: name)
        await access.forget(name)
    }

    /// Ends the node in order: what runs on it gets SIGTERM, and what is left after ten seconds is killed. Its files stay.
    ///
    /// A node that has ended stays as it is. Its published ports refuse connections until it is started again.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that.
    public func stop() async throws {
        try await power("stop a single node").stop(name)
        timeline.note(.ended, node: name, "stopped")
        await access.forget(name)
    }

    /// Starts the node after its end, and waits until it is ready: the same machine, with the same name, addresses, ports, host keys and
    /// files. What ran on it is not started again, except for sshd.
    ///
    /// A node that runs stays as it is.
    ///
    /// - Parameter limit: How long it may take to become ready.
    /// - Throws: ``ClusterError`` if the backend can't do that, or with the code `notReady`; `CancellationError`.
    public func start(within limit: Duration = .seconds(60)) async throws {
        try await power("start a single node").start(name)
        timeline.note(.started, node: name)
        await access.forget(name)
        try await waitUntilReady(within: limit)
        try await PacketCapture.resume(on: name, of: cluster)
    }

    /// Stops the node in order, starts it again and waits until it is ready.
    ///
    /// - Throws: As ``stop()`` and ``start(within:)`` do.
    public func restart() async throws {
        try await stop()
        try await start()
    }

    /// Freezes the node whole: its processes do nothing, TCP connections stay open, nothing answers. A frozen node stays as it is.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that, or the node has ended.
    public func pause() async throws {
        try await capability((any NodePausing).self, "pause a node").pause(name)
        timeline.note(.paused, node: name)
    }

    /// Lets the node go on after ``pause()``; one that is not frozen stays as it is.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that, or the node has ended.
    public func resume() async throws {
        try await capability((any NodePausing).self, "resume a node").resume(name)
        timeline.note(.resumed, node: name)
    }

    /// Waits until the node's sshd answers and lets the test process in. What is done to the cluster's network is done to a node that has
    /// started anew by then, however it has.
    ///
    /// - Parameter limit: How long that may take.
    /// - Throws: ``ClusterError`` with the code `notReady`; `CancellationError`.
    public func waitUntilReady(within limit: Duration = .seconds(60)) async throws {
        try await NetworkFaults(of: cluster, timeline: timeline).applyAgain()
        try await Readiness(
            clusterName: cluster.summary.name, limit: limit, nodes: [provisioned], cluster: cluster, access: access,
            timeline: timeline
        ).wait()
    }

    private func power(_ what: String) throws -> any NodePower { try capability((any NodePower).self, what) }

    /// The cluster as one whose backend can do something, such as "kill a single node".
    ///
    /// - Throws: ``ClusterError`` with the code `backendUnavailable` if it can't.
    func capability<Capability>(_ kind: Capability.Type, _ what: String) throws -> Capability {
        try cluster.capability(kind, what, node: name)
    }
}

extension BackendCluster {
    /// This cluster as one whose backend can do something, such as "kill a single node".
    ///
    /// - Throws: ``ClusterError`` with the code `backendUnavailable` if it can't.
    package func capability<Capability>(
        _ kind: Capability.Type, _ what: String, node: String? = nil
    ) throws -> Capability {
        if let capable = self as? Capability { return capable }
        throw ClusterError(.backendUnavailable, "The \(summary.backend) backend can't \(what).", node: node)
    }
}

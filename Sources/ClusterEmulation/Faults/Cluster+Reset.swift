extension Cluster {
    /// Makes the cluster as new, much faster than another one would be there: processes are gone, files as they were at the start, faults
    /// healed, clocks right, forwarded ports closed. Names, addresses, ports and keys stay. Its services are started again.
    ///
    /// Returns when sshd answers on every node, and every service is ready.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that, or a node or a service does not become ready; `CancellationError`.
    public func reset() async throws { try await runtime.reset() }

    /// Begins ahead, in the background, what can be of a reset that is going to come.
    package func prepareReset() { runtime.prepareReset() }
}

extension ClusterRuntime {
    fileprivate func reset() async throws {
        let names = cluster.nodes.map(\.name)
        try await NetworkFaults(of: cluster, timeline: timeline).replace(by: .healthy)
        let resetting = try cluster.capability((any NodeResetting).self, "make nodes as new")
        try await restart { try await resetting.reset(names) }
        try await resetting.awaitEnds()
        timeline.note(.reset)
        prepareReset()
    }

    /// Whoever has reset a cluster once does so again. A cluster that ends meanwhile needs nothing any more.
    func prepareReset() {
        guard let resetting = cluster as? any NodeResetting else { return }
        Task { try? await resetting.prepareReset() }
    }

    /// Ends and starts all nodes by `body`, waits until they are ready, and starts the services.
    func restart(_ body: () async throws -> Void) async throws {
        let begun = ContinuousClock.now
        let times = Locked<[StartTimes.Step: Duration]>([:])
        @Sendable func note(_ step: StartTimes.Step) { times.withLock { $0[step] = .now - begun } }
        try await access.renew(endingNodes: body)
        note(.nodes)
        try await NetworkFaults(of: cluster, timeline: timeline).applyAgain()
        let (up, areUp) = AsyncStream<Void>.makeStream()
        async let served: Void = Self.startServices(plan, on: cluster, after: up, timeline: timeline)
        // Their keys and their users were proved when the cluster started.
        try await Readiness(plan: plan, cluster: cluster, access: access, timeline: timeline).wait(byLogin: false) {
            note(.banners)
            areUp.finish()
        }
        try await Passwords.set(plan.passwords, on: cluster)
        note(.ready)
        try await served
        if !plan.services.isEmpty { note(.services) }
        resetTimes = StartTimes(times.withLock { $0 })
    }
}

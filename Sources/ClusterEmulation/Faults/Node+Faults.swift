extension Node {
    var scene: FaultScene {
        FaultScene(cluster: cluster, access: access, timeline: timeline) { [self] name in sibling(name) }
    }

    /// Another node of the same cluster.
    private func sibling(_ name: String) -> Node? {
        guard let index = cluster.nodes.firstIndex(where: { $0.name == name }) else { return nil }
        return Node(
            index: index, provisioned: cluster.nodes[index], cluster: cluster, access: access, timeline: timeline,
            passwords: passwords, proxyJump: proxyJump)
    }

    /// Cuts the node off from power as long as a closure runs; afterwards it is started again, and is ready.
    ///
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; as ``kill()`` and ``start(within:)`` do.
    @discardableResult
    public nonisolated(nonsending) func killed<Result>(
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await scene.under([.killed(name)], body)
    }

    /// Stops the node in order as long as a closure runs; afterwards it is started again, and is ready.
    ///
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; as ``stop()`` and ``start(within:)`` do.
    @discardableResult
    public nonisolated(nonsending) func stopped<Result>(
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await scene.under([.stopped(name)], body)
    }

    /// Freezes the node as long as a closure runs, however that ends.
    ///
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; as ``pause()`` and ``resume()`` do.
    @discardableResult
    public nonisolated(nonsending) func paused<Result>(
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await scene.under([.paused(name)], body)
    }

    /// Gives another time to whatever starts on the node from then on: logins, commands, services.
    ///
    /// It is done by libfaketime, which programs are given when they start. What runs already keeps its time until it is started anew,
    /// and so do programs that are statically linked (most of Go's, and those of busybox) or of another C library. Files that such
    /// programs write have the kernel's time; `stat` and `ls` of the node show times shifted like the clock. With a rate, sleeps and
    /// timers are as fast as the clock, and a program's time begins when it, or what has started it, is started. A second call takes
    /// the first one's place.
    ///
    /// - Parameters:
    ///   - offset: How much later it is on the node; below zero, earlier.
    ///   - rate: How fast time passes for a program, 0.001 to 1000.
    /// - Throws: ``ClusterError`` with the code `faultFailed` if the node's image has no libfaketime, or it does not work there, as in
    ///   Debian 12, where Python could not sleep;
    ///   `invalidConfiguration`, `connectionLost`.
    public func setClock(offset: Duration, rate: Double = 1) async throws {
        try await scene.begin(.clock(name, offset: offset, rate: rate))
    }

    /// Gives the node's new programs this machine's time again.
    ///
    /// - Throws: ``ClusterError`` if the node has ended.
    public func resetClock() async throws { try await scene.end(.clock(name, offset: .zero)) }

    /// Gives another time to whatever starts on the node as long as a closure runs, however that ends.
    ///
    /// - Parameters:
    ///   - offset: As for ``setClock(offset:rate:)``.
    ///   - rate: As for ``setClock(offset:rate:)``.
    ///   - body: What to do meanwhile.
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; as ``setClock(offset:rate:)`` does.
    @discardableResult
    public nonisolated(nonsending) func withClock<Result>(
        offset: Duration, rate: Double = 1, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await scene.under([.clock(name, offset: offset, rate: rate)], body)
    }
}

extension ListedCluster {
    /// Starts a node after its end, and waits until its sshd answers. A node that runs stays as it is.
    ///
    /// - Parameters:
    ///   - node: The node's name.
    ///   - limit: How long it may take.
    /// - Throws: ``ClusterError`` if the backend can't do that, or with the code `notReady`.
    package func start(_ node: String, within limit: Duration = .seconds(60)) async throws {
        try await cluster.capability((any NodePower).self, "start a single node", node: node).start(node)
        try await NetworkFaults(of: cluster).applyAgain()
        try await PacketCapture.resume(on: node, of: cluster)
        try await awaitServers(of: [node], within: limit, after: "start")
    }

    /// Does something with a node over SSH; if that fails and the node has ended, says so. A node that is paused takes connections and says
    /// nothing, so it is asked in another way once two seconds have passed.
    package func explainingEnd<Result: Sendable>(of node: String, _ body: @escaping @Sendable () async throws -> Result)
        async throws -> Result
    {
        do {
            return try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask { try await body() }
                group.addTask {
                    try await Task.sleep(for: .seconds(2))
                    do {
                        _ = try await cluster.execute(["true"], on: node)
                    } catch let error as ClusterError where error.code != .connectionLost {
                        // It answers.
                    }
                    return nil
                }
                while let result = try await group.next() {
                    guard let result else { continue }
                    group.cancelAll()
                    return result
                }
                throw CancellationError()
            }
        } catch let error as ClusterError {
            guard let state = try? await cluster.states()[node], state != .running else { throw error }
            throw ClusterError(
                error.code, "\(node) of cluster \(summary.name) does not run.", node: node, underlying: error,
                remedy: "Start it first: `cluster-fixture start \(summary.name)/\(node)`.")
        }
    }

    /// Stops a node in order. A node that has ended stays as it is.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that.
    package func stop(_ node: String) async throws {
        try await cluster.capability((any NodePower).self, "stop a single node", node: node).stop(node)
    }
}

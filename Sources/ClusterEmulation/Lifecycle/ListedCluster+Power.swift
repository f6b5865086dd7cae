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

    /// Does something with a node; if that fails and the node has ended, says so.
    package func explainingEnd(of node: String, _ body: () async throws -> Void) async throws {
        do { try await body() } catch let error as ClusterError {
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

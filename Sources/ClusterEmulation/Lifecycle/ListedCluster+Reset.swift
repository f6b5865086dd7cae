extension ListedCluster {
    /// Makes the cluster as new, and waits until sshd answers on all nodes.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that, the cluster has services, or a node does not answer in time.
    package func reset() async throws {
        let resetting = try cluster.capability((any NodeResetting).self, "make nodes as new")
        try refuseServices("made as new")
        if cluster is any NetworkShaping { try await NetworkFaults(of: cluster).replace(by: .healthy) }
        try await restart("reset") { try await resetting.reset(cluster.nodes.map(\.name)) }
        try await resetting.awaitEnds()
        try await resetting.prepareReset()
    }

    /// Gives all nodes the files back that were kept under a name, and waits until sshd answers on them.
    ///
    /// - Throws: ``ClusterError`` if there is no such snapshot, the cluster has services, or a node does not answer in time.
    package func restore(_ name: String) async throws {
        try refuseServices("given its files back")
        try await restart("restore") { try await Snapshots(of: cluster).give(name) }
    }

    /// Keeps the files of all nodes under a name.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that, or the cluster has services.
    package func snapshot(_ name: String) async throws {
        try refuseServices("kept")
        try await Snapshots(of: cluster).keep(as: name)
    }

    private func restart(_ deed: String, _ body: () async throws -> Void) async throws {
        try await SharedConnections.close(in: summary.workspace.socketFolder, endingNodes: body)
        try await NetworkFaults(of: cluster).applyAgain()
        try await awaitServers(of: cluster.nodes.map(\.name), within: .seconds(60), after: deed)
        timeline.note(.reset)
        for node in cluster.nodes { try await PacketCapture.resume(on: node.name, of: cluster) }
    }

    /// How they are started, only the process knows that started the cluster.
    private func refuseServices(_ deed: String) throws {
        guard let services = inventory?.services.map(\.name), !services.isEmpty else { return }
        throw ClusterError(
            .invalidConfiguration,
            "Cluster \(summary.name) can't be \(deed) from here: its services (\(services.joined(separator: ", "))) would have to be started again.",
            remedy: "Remove it and start another, or do it in the process that started it (`cluster.reset()`).")
    }
}

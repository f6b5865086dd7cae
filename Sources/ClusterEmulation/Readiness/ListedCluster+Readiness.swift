extension BackendCluster {
    /// Returns when sshd takes connections on nodes that this machine does not reach.
    func awaitServers(of nodes: [ProvisionedNode], seenFrom gateway: String) async throws {
        let script = "for ip; do until (exec 3<>/dev/tcp/$ip/22) 2>/dev/null; do sleep 0.02; done; done"
        _ = try await execute(["bash", "-c", script, "bash"] + nodes.map(\.ip), on: gateway)
    }
}

extension ListedCluster {
    /// Returns when sshd answers on nodes of a cluster that another process has started: here, or where those hear it behind which they are.
    ///
    /// - Throws: ``ClusterError`` with the code `notReady` that names those which did not answer in time.
    func awaitServers(of names: [String], within limit: Duration, after deed: String) async throws {
        let jumps = inventory?.jumps ?? [:]
        let awaited = cluster.nodes.filter { names.contains($0.name) }
        let reached = awaited.filter { jumps[$0.name] == nil }
        let states = try await cluster.states()
        // Behind a node that does not run nobody hears them.
        let behind = Dictionary(grouping: awaited.filter { jumps[$0.name] != nil }) { jumps[$0.name] ?? "" }
            .filter { states[$0.key] == .running }
        let watch = BannerWatch(reached.map { ($0.host, $0.port) })
        try watch.start()
        defer { watch.stop() }
        let answered = Locked(Set<String>())
        do {
            try await withDeadline(limit) {
                if !reached.isEmpty { try await watch.allBanners() }
                for (gateway, nodes) in behind {
                    try await cluster.awaitServers(of: nodes, seenFrom: gateway)
                    answered.withLock { $0.formUnion(nodes.map(\.name)) }
                }
            }
        } catch is DeadlineExceeded {
            for (node, state) in zip(reached, watch.states) {
                if case .banner = state { answered.withLock { _ = $0.insert(node.name) } }
            }
            let silent = awaited.map(\.name).filter { name in !answered.withLock { $0.contains(name) } }
            let first = silent.first ?? ""
            throw ClusterError(
                .notReady,
                "sshd on \(silent.joined(separator: ", ")) of cluster \(summary.name) did not answer within \(limit.inSeconds) after the \(deed).",
                node: first, remedy: "See the log: `cluster-fixture logs \(summary.name)/\(first)`.")
        }
    }
}

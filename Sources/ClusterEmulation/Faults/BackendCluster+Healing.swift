extension BackendCluster {
    /// Mends whatever is broken on purpose of some nodes, as far as they run, whoever has broken it.
    ///
    /// - Parameter nodes: The names of the nodes; nil means all, and the network too.
    /// - Returns: The names of those that have ended: nothing was done to them.
    /// - Throws: ``ClusterError``; what else there is to be healed is healed first.
    package func heal(_ nodes: [String]? = nil) async throws -> [String] {
        let names = nodes ?? self.nodes.map(\.name)
        for name in names { _ = try index(of: name) }
        try requireOwnNodes(to: "healed")
        let states = try await states()
        let ended = names.filter { states[$0] != .running }
        let failures = Locked<[any Error]>([])
        if nodes == nil {
            do { try await NetworkFaults(of: self).replace(by: .healthy) } catch {
                failures.withLock { $0.append(error) }
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for name in names where !ended.contains(name) {
                group.addTask {
                    do { try await heal(name) } catch { failures.withLock { $0.append(error) } }
                }
            }
        }
        if let failure = failures.withLock({ $0.first }) { throw failure }
        return ended
    }

    /// A frozen node is let go on first, and a disk made writable, so that the rest can be healed.
    private func heal(_ node: String) async throws {
        if let pausing = self as? any NodePausing { try await pausing.resume(node) }
        try await healDisk(of: node)
        try await healSSH(of: node)
        try await healNames(of: node)
        try await ClockShift(offset: .zero, rate: 1).end(on: node, of: self)
    }

    /// Mends whatever is broken of a node's sshd.
    package func healSSH(of node: String) async throws {
        try await NodeScript.ssh.run(["heal"], on: node, of: self, "sshd can't be healed")
    }

    /// Mends all names of a node.
    package func healNames(of node: String) async throws {
        try await NodeScript.names.run(["heal"], on: node, of: self, "names can't be healed")
    }

    /// Gives a node's file system its room back, and lets it be written.
    package func healDisk(of node: String) async throws {
        if let shaping = self as? any DiskShaping { try await shaping.fillDisk(of: node, leaving: nil) }
        if let protection = self as? any DiskProtecting { try await protection.protectDisk(of: node, false) }
    }
}

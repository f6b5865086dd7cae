extension Cluster {
    /// What is known of the cluster now that something has failed.
    ///
    /// - Parameter work: What has failed: the name of a test, say.
    /// - Returns: It all, in memory.
    package func evidence(of work: String) async -> Evidence {
        let logs = services.reduce(into: [String: [String]]()) { logs, planned in
            for node in planned.plan.nodes { logs[node, default: []] += planned.plan.logs }
        }
        return await Evidence(of: handle, timeline: timeline, logs: logs, secrets: secrets, work: work)
    }
}

extension ListedCluster {
    /// What is known of the cluster, whichever process started it.
    ///
    /// - Parameter work: What has failed.
    /// - Returns: It all, in memory.
    package func evidence(of work: String) async -> Evidence {
        let passwords = inventory?.nodes.flatMap(\.users).compactMap(\.password) ?? []
        var secrets = Secrets(words: passwords)
        // A token stands in the address that it opens.
        let addresses = inventory?.services.flatMap(\.endpoints).map(\.url) ?? []
        secrets.add(addresses.flatMap { $0.split(separator: "=").dropFirst().map(String.init) })
        let logs = (inventory?.services ?? []).reduce(into: [String: [String]]()) { logs, service in
            for node in service.nodes { logs[node, default: []] += service.logs ?? [] }
        }
        return await Evidence(of: cluster, timeline: nil, logs: logs, secrets: secrets, work: work)
    }
}

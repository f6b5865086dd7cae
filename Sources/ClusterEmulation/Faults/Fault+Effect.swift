extension Fault {
    /// How it is done to a node; nil if it is the network's.
    var breakage: (any NodeBreakage)? {
        switch kind {
        case .power(let fault): fault
        case .ssh(let fault): fault
        case .clock(let shift): shift
        case .disk(let fault): fault
        case .names(let fault): fault
        case .network: nil
        }
    }

    /// Refuses what can't be done to a cluster, before anything is.
    ///
    /// - Throws: ``ClusterError``: there is no such node, or a value makes no sense.
    func check(_ cluster: any BackendCluster) throws {
        if let node { _ = try cluster.index(of: node) }
        try cluster.requireOwnNodes(to: "broken on purpose")
        try breakage?.check()
        guard case .network(let fault) = kind else { return }
        let names = cluster.nodes.map(\.name)
        try fault.conditions(node, of: names).validate(
            nodes: names, hasMachine: cluster.hostIP != nil, cluster: cluster.summary.name)
    }

    /// Breaks it, by the backend's own way, whoever has made the cluster. Returns when it is in force.
    ///
    /// - Parameters:
    ///   - cluster: The cluster.
    ///   - timeline: Where it is noted, in the process that has one.
    /// - Returns: The fault that is in force, which is to be ended.
    /// - Throws: ``ClusterError``; with the code `faultFailed` if the node does not let it be done.
    package func begin(on cluster: any BackendCluster, timeline: Timeline? = nil) async throws -> BegunFault {
        try check(cluster)
        guard let breakage, let node else {
            guard case .network(let fault) = kind else { preconditionFailure("\(self) has no node") }
            let conditions = try fault.conditions(node, of: cluster.nodes.map(\.name))
            let id = try await NetworkFaults(of: cluster, timeline: timeline).add(conditions, node: node)
            return BegunFault(self, networkID: id)
        }
        if let power = breakage as? PowerFault {
            // Nodes that are off or frozen are told of as such.
            try await power.begin(on: node, of: cluster)
            timeline?.note(power.begun, node: node)
            return BegunFault(self)
        }
        timeline?.endFaults(at: breakage.place, of: node)
        let number = timeline?.beginFault("\(breakage.place): \(breakage.words)", node: node)
        do { try await breakage.begin(on: node, of: cluster) } catch {
            if let number { timeline?.endFault(number, node: node) }
            throw error
        }
        return BegunFault(self)
    }

    /// Mends it; what is whole stays as it is.
    package func end(on cluster: any BackendCluster, timeline: Timeline? = nil) async throws {
        try check(cluster)
        guard let breakage, let node else { return }
        try await breakage.end(on: node, of: cluster)
        if let power = breakage as? PowerFault {
            timeline?.note(power.ended, node: node)
            return
        }
        timeline?.endFaults(at: breakage.place, of: node)
    }
}

/// A fault that is in force.
package struct BegunFault: Sendable {
    let fault: Fault
    private let networkID: String?

    fileprivate init(_ fault: Fault, networkID: String? = nil) {
        self.fault = fault
        self.networkID = networkID
    }

    /// Mends it.
    package func end(on cluster: any BackendCluster, timeline: Timeline? = nil) async throws {
        if let networkID {
            try await NetworkFaults(of: cluster, timeline: timeline).remove(networkID)
        } else {
            try await fault.end(on: cluster, timeline: timeline)
        }
    }
}

extension Timeline {
    /// Notes that whatever has begun at a place of a node, such as `ssh`, is over.
    func endFaults(at place: String, of node: String) {
        var open: [Int] = []
        for event in events {
            switch event.kind {
            case .faultBegan(let number) where event.node == node && event.detail.hasPrefix(place): open.append(number)
            case .faultEnded(let number): open.removeAll { $0 == number }
            default: break
            }
        }
        for number in open { endFault(number, node: node) }
        // Another process may have begun it.
        if isOfFoundCluster { note(.healed, node: node, place) }
    }
}

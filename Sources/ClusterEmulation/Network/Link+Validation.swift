extension NetworkConditions {
    /// Refuses what no network does, and nodes that there are not.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` or `noCluster`.
    package func validate(nodes: [String], hasMachine: Bool, cluster: String) throws {
        for rule in rules { try rule.link.validate() }
        for name in self.nodes.sorted() where !nodes.contains(name) {
            throw ClusterError(
                .noCluster, "Cluster \(cluster) has no node \"\(ClusterConfiguration.printable(name))\".",
                remedy: ClusterCatalog.nearest(to: name, among: nodes).map { "Did you mean \($0)?" }
                    ?? "Its nodes are \(nodes.joined(separator: ", ")).")
        }
        guard hasMachine || !rules.contains(where: { $0.sources.union($0.targets).contains(.machine) }) else {
            throw ClusterError(
                .invalidConfiguration,
                "The way between this machine and the nodes can't be broken: this machine has no address in the network of cluster \(cluster).",
                remedy: "Leave out `.machine`. (Published ports do not lead through the cluster's network.)")
        }
    }
}

extension NetworkConditions.Link {
    /// Refuses what no direction does.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`.
    package func validate() throws {
        func refuse(_ sentence: String) -> ClusterError { ClusterError(.invalidConfiguration, sentence) }
        let chances: KeyValuePairs = [
            "loss": loss, "duplication": duplication, "reordering": reordering, "corruption": corruption,
        ]
        for (name, chance) in chances where !(chance >= 0 && chance <= 1) {
            throw refuse("A link's \(name) must be a probability from 0 to 1 (0% to 100%), not \(chance).")
        }
        guard latency >= .zero, latency <= .seconds(3600) else {
            throw refuse("A link's latency is 0 to 3600 s, not \(latency.inSeconds).")
        }
        guard jitter >= .zero, jitter <= latency else {
            throw refuse(
                "A link's jitter is to either side of its latency, so it is 0 to \(latency.inSeconds), not \(jitter.inSeconds)."
            )
        }
        guard reordering == 0 || latency > .zero else {
            throw refuse("On a link without latency nothing is overtaken: reordering needs one.")
        }
        if let bandwidth, !(1000...1_000_000_000_000).contains(bandwidth) {
            throw refuse("A link's bandwidth is 1000 to 10^12 bits per second, not \(bandwidth).")
        }
        if let mtu, !(68...65535).contains(mtu) {
            throw refuse("The longest packet of a link (MTU) has 68 to 65535 bytes, not \(mtu).")
        }
        if case .ports(let ranges) = opening {
            for port in ranges.flatMap({ [$0.lowerBound, $0.upperBound] }) where !(1...65535).contains(port) {
                throw refuse("\(port) is not a port: ports are 1 to 65535.")
            }
        }
    }
}

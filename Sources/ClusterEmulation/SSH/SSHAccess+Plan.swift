import CScripts

extension SSHAccess {
    /// Writes the files by which users reach a cluster's nodes, now that it is known where these are.
    convenience init(
        _ plan: ClusterPlan, _ cluster: any BackendCluster, _ credentials: Credentials, _ timeline: Timeline
    ) throws {
        let workspace = plan.workspace
        if cluster.nodes.contains(where: { $0.existing != nil }) {
            // How its nodes are reached was known before it had them.
            let environments = plan.nodes.map { ($0.name, $0.environment) }
            self.init(
                nodes: cluster.nodes, identityFiles: [:], workspace: workspace, timeline: timeline,
                environments: Dictionary(environments) { first, _ in first })
            return
        }
        let isReached = cluster.hostIP != nil
        let configuration = SSHConfiguration(
            nodes: cluster.nodes, identityFiles: credentials.identities.mapValues(\.privateFile),
            knownHostsFile: workspace.knownHostsFile,
            reach: isReached ? .addresses : .ports(relay: workspace.relayFile),
            jumps: plan.jumps(cluster.nodes))
        if !isReached {
            try Workspace.write(SSHConfiguration.relay, to: workspace.relayFile)
            try Workspace.write(configuration.openSSHText(), to: workspace.openSSHConfigurationFile)
        }
        try Workspace.write(
            configuration.text(openSSHFile: workspace.openSSHConfigurationFile), to: workspace.configurationFile)
        try Workspace.write(KnownHosts.forThisMachine(cluster.nodes), to: workspace.knownHostsFile)
        self.init(
            nodes: cluster.nodes, identityFiles: configuration.identityFiles, workspace: workspace,
            timeline: timeline)
    }
}

extension ClusterPlan {
    /// Those of its nodes that are reached by way of another, with that one's name: as its site has it, or because nothing else leads there.
    func jumps(_ nodes: [ProvisionedNode]) -> [String: String] {
        let behind = nodes.compactMap { node in node.behind.map { (node.name, $0) } }
        return configuration.site.jumps(layout).merging(behind) { site, _ in site }
    }
}

extension SSHConfiguration {
    /// The script that makes connections to published ports.
    package static var relay: String { String(cString: relay_script()) }
}

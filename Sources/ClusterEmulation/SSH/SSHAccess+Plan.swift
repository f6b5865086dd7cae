extension SSHAccess {
    /// Writes a cluster's ssh_config and known_hosts, now that it is known where its nodes are.
    convenience init(_ plan: ClusterPlan, _ nodes: [ProvisionedNode], _ credentials: Credentials) throws {
        let workspace = plan.workspace
        let configuration = SSHConfiguration(
            hosts: nodes, identityFiles: credentials.identities.mapValues(\.privateFile),
            knownHostsFile: workspace.knownHostsFile, socketFolder: workspace.socketFolder)
        try Workspace.write(configuration.text, to: workspace.configurationFile)
        try Workspace.write(configuration.knownHosts, to: workspace.knownHostsFile)
        self.init(configuration: configuration, configurationFile: workspace.configurationFile)
    }
}

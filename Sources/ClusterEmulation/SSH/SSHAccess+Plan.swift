extension SSHAccess {
    /// Writes a cluster's ssh_config and known_hosts, now that it is known where its nodes are.
    convenience init(_ plan: ClusterPlan, _ endpoints: [NodeEndpoint], _ credentials: Credentials) throws {
        let workspace = plan.workspace
        let hosts = zip(zip(plan.nodeNames, endpoints), credentials.hostKeys).map { node, key in
            SSHConfiguration.Host(
                name: node.0, host: node.1.host, port: node.1.port, ip: node.1.ip, hostKey: key.publicKey)
        }
        let configuration = SSHConfiguration(
            hosts: hosts, identityFiles: credentials.identities.mapValues(\.privateFile),
            knownHostsFile: workspace.knownHostsFile, socketFolder: workspace.socketFolder)
        try Workspace.write(configuration.text, to: workspace.configurationFile)
        try Workspace.write(configuration.knownHosts, to: workspace.knownHostsFile)
        self.init(configuration: configuration, configurationFile: workspace.configurationFile)
    }
}

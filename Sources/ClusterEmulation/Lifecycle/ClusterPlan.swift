import Foundation

/// A cluster that has been thought through but not begun: checked settings, names, and a folder for its files.
package struct ClusterPlan: Sendable {
    /// What tells one cluster from every other, on this machine and any: ten hexadecimal digits.
    package typealias ID = String

    package let id: ID
    package let name: String
    package let configuration: ClusterConfiguration
    package let nodeNames: [String]
    package let workspace: Workspace

    /// Checks a configuration and plans a cluster.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`, before anything is started.
    package init(_ configuration: ClusterConfiguration) throws {
        try configuration.validate()
        id = (0..<10).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
        name = configuration.name ?? "cluster-\(id.prefix(4))"
        self.configuration = configuration
        nodeNames = (1...configuration.nodes).map { "node\($0)" }
        workspace = Workspace(cluster: id)
    }

    /// Writes the files that make a node this cluster's, and returns their folder.
    ///
    /// `start-node --configure` in the image copies them to their places: `etc-ssh/` to `/etc/ssh`, `root/` and
    /// `ubuntu/` to the users' `~/.ssh`, and the lines of `hosts` to the end of `/etc/hosts`.
    package func writeNodeFiles(_ node: Int, addresses: [String], credentials: Credentials) throws -> String {
        let folder = workspace.folder + "/nodes/\(nodeNames[node])"
        let knownHosts = SSHConfiguration.knownHosts(
            inside: node, names: nodeNames, addresses: addresses, hostKeys: credentials.hostKeys.map(\.publicKey))
        try Workspace.makeFolder(folder + "/etc-ssh")
        try Workspace.write(knownHosts, to: folder + "/etc-ssh/ssh_known_hosts", mode: 0o644)
        try Workspace.copyKey(credentials.hostKeys[node], to: folder + "/etc-ssh/ssh_host_ed25519_key")
        for (user, key) in credentials.internalKeys {
            let home = folder + "/\(user)"
            try Workspace.makeFolder(home)
            try Workspace.write(
                credentials.authorizedKeys(for: user).map { $0 + "\n" }.joined(), to: home + "/authorized_keys")
            try Workspace.write(knownHosts, to: home + "/known_hosts")
            try Workspace.copyKey(key, to: home + "/id_ed25519")
            try Workspace.write(
                configuration.environment.sorted { $0.key < $1.key }.map { "\($0)=\($1)\n" }.joined(),
                to: home + "/environment")
        }
        let hosts = zip(addresses, nodeNames).map { "\($0) \($1)\n" }.joined()
        try Workspace.write(hosts, to: folder + "/hosts")
        return folder
    }
}

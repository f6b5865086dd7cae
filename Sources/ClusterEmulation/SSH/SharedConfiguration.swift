/// What `ssh` is told of one node when this library itself logs in: the node's published port, one user's key, and the connection
/// that its logins share.
///
/// Nobody else is given this file. A shared connection serves whoever comes without a look at their key, their host key, their
/// port or their variables: an `ssh` of the user's that met one would prove nothing.
struct SharedConfiguration: Sendable {
    let node: ProvisionedNode
    /// The node through which it is reached; nil if it needs none.
    let gateway: ProvisionedNode?
    /// The private key file of each user.
    let identityFiles: [User: String]
    let knownHostsFile: String
    /// The folder of the connections' sockets.
    let socketFolder: String

    /// The text of the ssh_config file.
    ///
    /// The way through another node is over that one's own shared connection.
    var text: String {
        guard let gateway else { return block(node) }
        return block(node, ["ProxyJump \(gateway.name)"]) + "\n" + block(gateway)
    }

    /// curve25519 is asked for because OpenSSH 9's default key exchange takes 55 ms more of processor time, which
    /// buys nothing on loopback.
    private func block(_ node: ProvisionedNode, _ more: [String] = []) -> String {
        let users = identityFiles.sorted { $0.key.rawValue < $1.key.rawValue }.map {
            "Match originalhost \(node.name) user \($0.key)\n  IdentityFile \(SSHConfiguration.path($0.value))\n"
        }
        return """
            Host \(node.name)
              HostName \(node.host)
              Port \(node.port)
              HostKeyAlias \(node.name)
              User \(User.ubuntu)
              UserKnownHostsFile \(SSHConfiguration.path(knownHostsFile))
              GlobalKnownHostsFile /dev/null
              StrictHostKeyChecking yes
              UpdateHostKeys no
              CheckHostIP no
              IdentitiesOnly yes
              IdentityAgent none
              PreferredAuthentications publickey
              BatchMode yes
              KexAlgorithms curve25519-sha256
              HostKeyAlgorithms ssh-ed25519
              SendEnv \(SentVariables.pattern)
              LogLevel ERROR
              ControlPath \(SSHConfiguration.path(socketFolder, "/%r@%n"))
            \(more.map { "  \($0)\n" }.joined())

            """ + users.joined(separator: "\n")
    }

    /// The text of the known_hosts file.
    var knownHosts: String {
        ([node] + (gateway.map { [$0] } ?? [])).map { KnownHosts.line([$0.name], $0.hostKey) }.joined()
    }
}

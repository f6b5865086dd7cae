/// The OpenSSH client configuration and the known hosts of one cluster, as text.
package struct SSHConfiguration: Sendable {
    package let hosts: [ProvisionedNode]
    /// The private key file of each user.
    package let identityFiles: [User: String]
    package let knownHostsFile: String
    /// The folder of the sockets of multiplexed connections.
    package let socketFolder: String

    package init(
        hosts: [ProvisionedNode], identityFiles: [User: String], knownHostsFile: String, socketFolder: String
    ) {
        self.hosts = hosts
        self.identityFiles = identityFiles
        self.knownHostsFile = knownHostsFile
        self.socketFolder = socketFolder
    }

    /// The part of it that is about one host.
    package func of(_ name: String, knownHostsFile: String) -> SSHConfiguration {
        SSHConfiguration(
            hosts: hosts.filter { $0.name == name }, identityFiles: identityFiles, knownHostsFile: knownHostsFile,
            socketFolder: socketFolder)
    }

    /// The text of the ssh_config file.
    ///
    /// curve25519 is asked for because OpenSSH 9's default key exchange takes 55 ms more of processor time, which
    /// buys nothing on loopback.
    package var text: String {
        let blocks = hosts.map {
            "Host \($0.name)\n  HostName \($0.host)\n  Port \($0.port)\n  HostKeyAlias \($0.name)\n"
        }
        let names = hosts.map(\.name)
        let users = identityFiles.sorted { $0.key.rawValue < $1.key.rawValue }.map {
            "Match originalhost \(names.joined(separator: ",")) user \($0.key)\n  IdentityFile \(Self.path($0.value))\n"
        }
        return blocks.joined(separator: "\n") + """

            Host \(names.joined(separator: " "))
              User \(User.ubuntu)
              UserKnownHostsFile \(Self.path(knownHostsFile))
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
              ControlPath \(Self.path(socketFolder, "/%r@%n"))


            """ + users.joined(separator: "\n")
    }

    /// The text of the known_hosts file: each node under its name, its address, and where it is reached from here.
    package var knownHosts: String {
        hosts.map { "\($0.name),\($0.ip),[\($0.host)]:\($0.port) \($0.hostKey)\n" }.joined()
    }

    /// The known_hosts text of all nodes, for each of them: every one by name and address, and as whatever is reached at the
    /// node's own loopback, which is nobody but the node itself.
    package static func knownHosts(names: [String], addresses: [String], hostKeys: [String]) -> String {
        zip(zip(names, addresses), hostKeys).map { "\($0.0),\($0.1),localhost,127.0.0.1,::1 \($1)\n" }.joined()
    }

    /// A path as ssh_config wants it: quoted, with the percent signs of its own doubled.
    private static func path(_ path: String, _ tokens: String = "") -> String {
        "\"" + path.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%") + tokens + "\""
    }
}

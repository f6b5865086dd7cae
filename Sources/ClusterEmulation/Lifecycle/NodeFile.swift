import Foundation

/// A file that makes a node this cluster's: a key, a list of known hosts, an environment.
package struct NodeFile: Sendable, Hashable {
    /// Where a file belongs.
    package enum Place: Sendable, Hashable {
        /// `/etc/ssh`
        case etcSSH
        /// The user's `~/.ssh`, and the user's property.
        case home(User)
    }

    package let place: Place
    package let name: String
    package let text: String
    package let mode: UInt16
}

extension ClusterPlan {
    /// The files of a node, once it is known where all nodes are.
    package func files(of node: Int, addresses: [String], credentials: Credentials) throws -> [NodeFile] {
        let knownHosts = SSHConfiguration.knownHosts(
            inside: node, names: nodeNames, addresses: addresses, hostKeys: credentials.hostKeys.map(\.publicKey))
        let environment = configuration.environment.sorted { $0.key < $1.key }.map { "\($0)=\($1)\n" }.joined()
        var files = [NodeFile(place: .etcSSH, name: "ssh_known_hosts", text: knownHosts, mode: 0o644)]
        files += try NodeFile.pair(credentials.hostKeys[node], .etcSSH, "ssh_host_ed25519_key")
        for (user, key) in credentials.internalKeys {
            let authorized = credentials.authorizedKeys(for: user).map { $0 + "\n" }.joined()
            files += [("authorized_keys", authorized), ("known_hosts", knownHosts), ("environment", environment)].map {
                NodeFile(place: .home(user), name: $0, text: $1, mode: 0o600)
            }
            files += try NodeFile.pair(key, .home(user), "id_ed25519")
        }
        return files
    }

    /// The lines of `/etc/hosts` that name the nodes.
    package func hosts(_ addresses: [String]) -> String {
        zip(addresses, nodeNames).map { "\($0) \($1)\n" }.joined()
    }
}

extension NodeFile {
    fileprivate static func pair(_ key: KeyPair, _ place: Place, _ name: String) throws -> [NodeFile] {
        [
            NodeFile(
                place: place, name: name, text: try String(contentsOfFile: key.privateFile, encoding: .utf8),
                mode: 0o600),
            NodeFile(place: place, name: name + ".pub", text: key.publicKey + "\n", mode: 0o644),
        ]
    }
}

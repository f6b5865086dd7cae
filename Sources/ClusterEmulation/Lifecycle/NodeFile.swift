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

/// The files of all nodes, once it is known where they are.
package struct NodeFiles: Sendable {
    /// The lines of `/etc/hosts` that name the nodes.
    package let hosts: String
    /// What every node gets.
    private let common: [NodeFile]
    private let knownHosts: String
    private let hostKeys: [String: KeyText]

    package init(_ plan: ClusterPlan, addresses: [String], credentials: Credentials) {
        hosts = zip(addresses, plan.nodeNames).map { "\($0) \($1)\n" }.joined()
        hostKeys = credentials.hostKeys
        knownHosts = SSHConfiguration.knownHosts(
            names: plan.nodeNames, addresses: addresses, hostKeys: plan.nodeNames.map(credentials.hostKey))
        let environment = plan.configuration.environment.sorted { $0.key < $1.key }.map { "\($0)=\($1)\n" }.joined()
        common = credentials.internalKeys.flatMap { user, key in
            let authorized = credentials.authorizedKeys(for: user).map { $0 + "\n" }.joined()
            let texts = [("authorized_keys", authorized), ("environment", environment)]
            return texts.map { NodeFile(place: .home(user), name: $0, text: $1, mode: 0o600) }
                + NodeFile.pair(key, .home(user), "id_ed25519")
        }
    }

    /// The files of a node, which knows itself as localhost too.
    package func files(of node: String) -> [NodeFile] {
        guard let hostKey = hostKeys[node] else { preconditionFailure("\(node) is a node of another plan") }
        let known = knownHosts + SSHConfiguration.knownAsLocalhost(hostKey.publicKey)
        return common + NodeFile.pair(hostKey, .etcSSH, "ssh_host_ed25519_key")
            + [NodeFile(place: .etcSSH, name: "ssh_known_hosts", text: known, mode: 0o644)]
            + User.allCases.map { NodeFile(place: .home($0), name: "known_hosts", text: known, mode: 0o600) }
    }
}

extension NodeFile {
    fileprivate static func pair(_ key: KeyText, _ place: Place, _ name: String) -> [NodeFile] {
        [
            NodeFile(place: place, name: name, text: key.privateKey, mode: 0o600),
            NodeFile(place: place, name: name + ".pub", text: key.publicKey + "\n", mode: 0o644),
        ]
    }
}

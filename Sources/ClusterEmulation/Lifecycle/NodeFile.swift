import Foundation

/// A file that makes a node this cluster's: a key, a list of known hosts, an environment.
package struct NodeFile: Sendable, Hashable {
    /// Where a file belongs.
    package enum Place: Sendable, Hashable {
        /// `/etc/ssh`
        case etcSSH
        /// `/etc/ssh/sshd_config.d`
        case sshdSettings
        /// `/etc/sudoers.d`
        case etcSudoers
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
    /// `/etc/hosts`: the loopback, the nodes, and this machine where it has an address in their network.
    package let hosts: String
    /// What every node gets. With many nodes this is long: it tells of all of them.
    package let common: [NodeFile]
    private let hostKeys: [String: [KeyKind: KeyText]]
    /// The variables of each node that not all have, or not with the same value.
    private let ownEnvironments: [String: [String: String]]

    /// What a node calls the machine that the cluster was started on.
    package static let hostName = "host.cluster"

    package init(_ plan: ClusterPlan, in subnet: Subnet, hostIP: String?, credentials: Credentials) {
        let addresses = subnet.addresses(plan.nodes.count)
        let addresses6 = plan.addresses6 ?? []
        let second = zip(plan.secondAddresses(beside: subnet) ?? [], plan.nodeNames.compactMap(plan.secondName)).map {
            $0
        }
        // The first name of a line is the one that a machine takes for its whole name.
        hosts =
            "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
            + (hostIP.map { "\($0) \(Self.hostName)\n" } ?? "")
            + (zip(addresses + addresses6, plan.nodeNames + plan.nodeNames) + second)
            .map { "\($0) \(plan.fqdn($1)) \($1)\n" }.joined()
        hostKeys = credentials.hostKeys
        let knownHosts = KnownHosts.forNodes(
            plan.nodeNames.enumerated().map { index, node in
                let names = [node, plan.fqdn(node), addresses[index]] + addresses6.dropFirst(index).prefix(1)
                let others = second.dropFirst(index).prefix(1).flatMap { [$0.1, plan.fqdn($0.1), $0.0] }
                return (names + others, credentials.publicHostKeys(of: node))
            })
        let shared = Self.sharedEnvironment(plan.nodes.map(\.environment))
        let environment = shared.sorted { $0.key < $1.key }.map { "\($0)=\($1)\n" }.joined()
        ownEnvironments = Dictionary(
            uniqueKeysWithValues: plan.nodes.map { node in
                (node.name, node.environment.filter { shared[$0.key] == nil })
            })
        let rights =
            (plan.configuration.sudo ? [NodeFile.sudo] : [])
            + (plan.configuration.passwordLogins ? [NodeFile.passwordLogins] : [])
        common =
            rights
            + credentials.internalKeys.flatMap { user, key in
                let authorized = credentials.authorizedKeys(for: user).map { $0 + "\n" }.joined()
                let texts = [("authorized_keys", authorized), ("environment", environment)]
                return texts.map { NodeFile(place: .home(user), name: $0, text: $1, mode: 0o600) }
                    + NodeFile.pair(key, .home(user), "id_ed25519")
                    + [NodeFile(place: .home(user), name: "known_hosts", text: knownHosts, mode: 0o600)]
            } + (credentials.rsaKey.map { NodeFile.pair($0, .home(.ubuntu), "id_rsa") } ?? [])
            + [NodeFile(place: .etcSSH, name: "ssh_known_hosts", text: knownHosts, mode: 0o644)]
    }

    /// What one node gets alone.
    package func own(of node: String) -> [NodeFile] {
        guard let pairs = hostKeys[node] else { preconditionFailure("\(node) is a node of another plan") }
        let keys = pairs.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { kind, pair in
            NodeFile.pair(pair, .etcSSH, "ssh_host_\(kind.rawValue)_key")
        }
        guard let environment = ownEnvironments[node], !environment.isEmpty else { return keys }
        return keys + [NodeFile.settings(environment)]
    }

    /// What all nodes have alike.
    private static func sharedEnvironment(_ environments: [[String: String]]) -> [String: String] {
        guard let first = environments.first else { return [:] }
        return first.filter { name, value in environments.allSatisfy { $0[name] == value } }
    }
}

extension NodeFile {
    fileprivate static let sudo = NodeFile(
        place: .etcSudoers, name: "cluster-fixture", text: "ubuntu ALL=(ALL:ALL) NOPASSWD: ALL\n", mode: 0o440)

    fileprivate static let passwordLogins = NodeFile(
        place: .sshdSettings, name: "cluster-fixture.conf",
        text: "PasswordAuthentication yes\nKbdInteractiveAuthentication yes\nPermitRootLogin yes\n", mode: 0o644)

    /// Variables that are the node's own. They can't be in a home, which nodes may share.
    fileprivate static func settings(_ environment: [String: String]) -> NodeFile {
        let words = environment.sorted { $0.key < $1.key }.map { name, value in
            "\"\(name)=\(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
        }
        return NodeFile(
            place: .sshdSettings, name: "environment.conf", text: "SetEnv \(words.joined(separator: " "))\n",
            mode: 0o644)
    }

    fileprivate static func pair(_ key: KeyText, _ place: Place, _ name: String) -> [NodeFile] {
        [
            NodeFile(place: place, name: name, text: key.privateKey, mode: 0o600),
            NodeFile(place: place, name: name + ".pub", text: key.publicKey + "\n", mode: 0o644),
        ]
    }
}

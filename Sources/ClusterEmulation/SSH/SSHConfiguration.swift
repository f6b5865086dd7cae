/// The OpenSSH client configuration of one cluster that users get, as text.
///
/// Every word in it is a default: what is said on a command line goes before. Nothing in it shares a connection.
package struct SSHConfiguration: Sendable {
    package let nodes: [ProvisionedNode]
    /// The private key file of each user.
    package let identityFiles: [User: String]
    package let knownHostsFile: String
    /// How the nodes are reached from here.
    package let reach: Reach
    /// Those that are reached by way of another node, with that one's name.
    package let jumps: [String: String]

    /// How this machine reaches the nodes.
    package enum Reach: Sendable, Hashable {
        /// By their addresses: it is in their network.
        case addresses
        /// By their published ports alone. A script of bash's makes a connection to one of them for whoever wants a node's address.
        case ports(relay: String)
    }

    /// That of a cluster's inventory.
    package init(_ inventory: Inventory) {
        let users = inventory.nodes.first?.users ?? []
        let files = users.compactMap { user in User(rawValue: user.name).map { ($0, user.identityFile) } }
        self.init(
            nodes: inventory.nodes.map(ProvisionedNode.init),
            identityFiles: Dictionary(files) { first, _ in first }, knownHostsFile: inventory.knownHosts,
            reach: inventory.hostIP == nil ? .ports(relay: inventory.workspace.relayFile) : .addresses,
            jumps: inventory.jumps)
    }

    package init(
        nodes: [ProvisionedNode], identityFiles: [User: String], knownHostsFile: String, reach: Reach,
        jumps: [String: String] = [:]
    ) {
        self.nodes = nodes
        self.identityFiles = identityFiles
        self.knownHostsFile = knownHostsFile
        self.reach = reach
        self.jumps = jumps
    }

    /// The text for clients of any make, of which some know no `Match` and some no `ProxyCommand`.
    ///
    /// - Parameter openSSHFile: A file with ``openSSHText``. Where nodes are reached by their ports, clients that know `Include`
    ///   take what is in it first, and so can go by way of other nodes; the others find the ports.
    /// - Returns: The text.
    package func text(openSSHFile: String) -> String {
        let nodes = nodes.map { node in
            switch reach {
            case _ where jumps[node.name] != nil, .addresses:
                return block(hosts(node), byAddress(node)) + aliases(node)
            case .ports:
                let byPort = ["HostName \(node.host)", "Port \(node.port)"]
                return block(node.names + [node.place], byPort) + block(node.addresses, byAddress(node)) + aliases(node)
            }
        }
        let include = reach == .addresses ? "" : "Include \(Self.pattern(openSSHFile))\n\n"
        return include + nodes.joined()
            + block(patterns + Set(self.nodes.map(\.host)).sorted(), common(keys: true) + [Self.user])
    }

    /// The text for OpenSSH alone: every node by its address, so that the way through another node (`ssh -J`) is the same.
    ///
    /// Of what this machine's own loopback has, only the nodes' published ports are the cluster's.
    ///
    /// - Parameters:
    ///   - keys: Whether it names the users' keys. OpenSSH tries those that its configuration names even where the caller has named
    ///     another.
    ///   - own: What else is to be read, and goes before the text's own defaults.
    /// - Returns: The text.
    package func openSSHText(keys: Bool = true, own: String = "") -> String {
        let nodes = nodes.map { block(hosts($0), byAddress($0)) + aliases($0) }
        // OpenSSH 9's default key exchange takes 55 ms more of processor time, which buys nothing here.
        let defaults = [Self.user, "KexAlgorithms ^curve25519-sha256"]
        return nodes.joined() + forAll(common(keys: keys)) + own + forAll(defaults)
    }

    private static let user = "User \(User.ubuntu)"

    /// Lines for all nodes, by whichever of their addresses.
    private func forAll(_ lines: [String]) -> String {
        let hosts = (Set(nodes.map(\.host)).sorted() + ["localhost"]).joined(separator: ",")
        let isKnown = "ssh-keygen -F '[%n]:%p' -f \(shellQuoted(Self.escaped(knownHostsFile)))"
        return block(patterns, lines) + block("Match originalhost \(hosts) exec \"\(isKnown)\"", lines)
    }

    /// A node's key is looked for under the name that was typed, wherever that leads.
    private func aliases(_ node: ProvisionedNode) -> String {
        node.names.map { block([$0], ["HostKeyAlias \($0)"]) }.joined()
    }

    private var patterns: [String] { nodes.flatMap(hosts) }

    /// What a node is called on command lines. One behind another has no place of its own on this machine.
    private func hosts(_ node: ProvisionedNode) -> [String] {
        node.names + node.addresses + (jumps[node.name] == nil ? [node.place] : [])
    }

    private func byAddress(_ node: ProvisionedNode) -> [String] {
        let there = ["HostName \(node.ip)", "Port 22"]
        if let jump = jumps[node.name] { return there + ["ProxyJump \(jump)"] }
        guard case .ports(let relay) = reach else { return there }
        let ports =
            [(22, node.port)] + node.publishedPorts.filter { $0.transport == .tcp }.map { ($0.nodePort, $0.hostPort) }
        let table = ports.map { "\(node.ip):\($0)=\(node.host):\($1)" }.joined(separator: " ")
        return there + ["ProxyCommand bash \(shellQuoted(Self.escaped(relay))) %h:%p \(table)"]
    }

    private func common(keys: Bool) -> [String] {
        // root's key opens ubuntu too, and so is the first.
        let users = keys ? [User.root, .ubuntu] : []
        return users.compactMap { identityFiles[$0] }.map { "IdentityFile \(Self.path($0))" }
            + [
                "IdentitiesOnly yes", "UserKnownHostsFile \(Self.path(knownHostsFile))",
                "GlobalKnownHostsFile /dev/null", "StrictHostKeyChecking yes", "UpdateHostKeys no", "CheckHostIP no",
                // As Debian's and Ubuntu's own configuration has it, which `-F` leaves out.
                "SendEnv LANG LC_*",
            ]
    }

    private func block(_ hosts: [String], _ lines: [String]) -> String {
        block("Host " + hosts.joined(separator: " "), lines)
    }

    private func block(_ head: String, _ lines: [String]) -> String {
        head + "\n" + lines.map { "  \($0)\n" }.joined() + "\n"
    }

    /// A path as ssh_config wants it: with the percent signs of its own doubled, and quoted where it must be, since not every
    /// client takes quotes away.
    static func path(_ path: String, _ tokens: String = "") -> String {
        let text = escaped(path) + tokens
        return text.allSatisfy { $0.isLetter || $0.isNumber || "/._-+@%".contains($0) } ? text : "\"\(text)\""
    }

    /// A path as `Include` wants it, which is a pattern, and in some releases has percent signs that mean something.
    static func pattern(_ path: String) -> String {
        self.path(String(path.map { "%*?[]".contains($0) ? "?" : $0 }))
    }

    static func escaped(_ path: String) -> String {
        path.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
    }
}

extension ProvisionedNode {
    /// What it is called.
    fileprivate var names: [String] { [name, fqdn] }

    /// Where this machine reaches it, as one word.
    fileprivate var place: String { "\(host):\(port)" }
}

/// The nodes' host keys as known_hosts files have them (sshd(8)).
///
/// All names of a node stand in one line: there are clients that want the name and the address of a host in the same.
package enum KnownHosts {
    /// What this machine knows: each node by its names, by its addresses, and by its published port under each name that this
    /// machine has for that. A port other than 22 is part of the name.
    package static func forThisMachine(_ nodes: [ProvisionedNode]) -> String {
        nodes.map { node in
            let atPort = [node.name, node.fqdn, node.host, "localhost"].map { "[\($0)]:\(node.port)" }
            return lines([node.name, node.fqdn] + node.addresses + atPort, node.hostKeys)
        }.joined()
    }

    /// What each node knows: every one by its names and its address, and as whatever is reached at the node's own loopback, which is
    /// nobody but the node itself.
    package static func forNodes(_ nodes: [(names: [String], hostKeys: [String])]) -> String {
        nodes.map { lines($0.names + ["localhost", "127.0.0.1", "::1"], $0.hostKeys) }.joined()
    }

    static func line(_ names: [String], _ hostKey: String) -> String {
        "\(names.joined(separator: ",")) \(hostKey)\n"
    }

    private static func lines(_ names: [String], _ hostKeys: [String]) -> String {
        hostKeys.map { line(names, $0) }.joined()
    }
}

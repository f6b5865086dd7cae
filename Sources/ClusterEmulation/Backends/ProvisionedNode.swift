/// One node of a cluster: who it is, and where it is reached.
package struct ProvisionedNode: Sendable, Hashable {
    package let name: String
    /// What it is there for, where the nodes of a cluster differ.
    package let role: String?
    /// Where this machine reaches its sshd: an address of the loopback, and a port.
    package let host: String
    package let port: Int
    /// The address on the cluster's network, where other nodes reach it.
    package let ip: String
    /// The IPv6 address on the cluster's network, if it has one.
    package let ipv6: String?
    /// The host key: algorithm and base 64, as in a known_hosts file.
    package let hostKey: String
    /// The ports of ``host`` that lead to the node's other published ports, by the node's port.
    package let publishedPorts: [Int: Int]

    package init(
        name: String, role: String? = nil, host: String, port: Int, ip: String, ipv6: String? = nil, hostKey: String,
        publishedPorts: [Int: Int] = [:]
    ) {
        self.name = name
        self.role = role
        self.host = host
        self.port = port
        self.ip = ip
        self.ipv6 = ipv6
        self.hostKey = hostKey
        self.publishedPorts = publishedPorts
    }
}

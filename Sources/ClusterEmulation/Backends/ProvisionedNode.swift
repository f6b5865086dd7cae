/// One node of a cluster: who it is, and where it is reached.
package struct ProvisionedNode: Sendable, Hashable {
    package let name: String
    /// The name with the cluster's domain.
    package let fqdn: String
    /// What it is there for, where the nodes of a cluster differ.
    package let role: String?
    /// Where this machine reaches its sshd: an address of the loopback, of a Swarm's machine, or of a machine that was there before; and a port. Of
    /// a node behind another one, they are where that one reaches it.
    package let host: String
    package let port: Int
    /// The address on the cluster's network, where other nodes reach it.
    package let ip: String
    /// The IPv6 address on the cluster's network, if it has one.
    package let ipv6: String?
    /// The address in the cluster's second network, if it has one.
    package let secondIP: String?
    /// The host keys: each is an algorithm and base 64, as in a known_hosts file. The ed25519 key is the first.
    package let hostKeys: [String]
    /// The ports of ``host`` that lead to the node's other published ports.
    package let publishedPorts: [Publication]
    /// What it has as a machine that was there before its cluster; nil if the cluster has made it.
    package let existing: HostPlace?
    /// The name of the node through which alone this machine reaches it; nil if it needs none.
    package let behind: String?

    /// A port of this machine that leads to a port of a node.
    package struct Publication: Sendable, Hashable {
        package let nodePort: Int
        package let hostPort: Int
        package let transport: PublishedPort.Transport

        package init(_ nodePort: Int, at hostPort: Int, _ transport: PublishedPort.Transport = .tcp) {
            self.nodePort = nodePort
            self.hostPort = hostPort
            self.transport = transport
        }
    }

    package init(
        name: String, fqdn: String? = nil, role: String? = nil, host: String, port: Int, ip: String,
        ipv6: String? = nil, secondIP: String? = nil, hostKeys: [String], publishedPorts: [Publication] = [],
        existing: HostPlace? = nil, behind: String? = nil
    ) {
        self.name = name
        self.fqdn = fqdn ?? name
        self.role = role
        self.host = host
        self.port = port
        self.ip = ip
        self.ipv6 = ipv6
        self.secondIP = secondIP
        self.hostKeys = hostKeys
        self.publishedPorts = publishedPorts.sorted {
            ($0.nodePort, $0.transport.rawValue) < ($1.nodePort, $1.transport.rawValue)
        }
        self.existing = existing
        self.behind = behind
    }

    /// The addresses on the cluster's network.
    package var addresses: [String] { [ip] + (ipv6.map { [$0] } ?? []) }

    /// The ed25519 host key.
    package var hostKey: String { hostKeys.first ?? "" }

    /// Where a port of the node is published on this machine, by the node's port.
    package func ports(_ transport: PublishedPort.Transport) -> [Int: Int] {
        let published = publishedPorts.filter { $0.transport == transport }
        return Dictionary(published.map { ($0.nodePort, $0.hostPort) }) { first, _ in first }
    }
}

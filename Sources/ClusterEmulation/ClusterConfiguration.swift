/// Settings of a cluster: how many nodes, what they are made of, and their limits.
///
/// Every value is checked before anything starts.
public struct ClusterConfiguration: Sendable, Hashable {
    /// How many nodes, where all are alike: `node1`, `node2` and so on; 1 to ``maximumNodes``. With ``roles`` these say how many there are.
    public var nodes: Int
    /// What nodes are there for, where they differ; none by default.
    public var roles: [NodeRole]
    /// What a node is made of.
    public var image: NodeImage
    /// What runs on the nodes besides sshd, such as a batch system or a shared folder.
    public var services: [any Service] {
        get { serviceList.services }
        set { serviceList = ServiceList(newValue) }
    }
    private var serviceList: ServiceList
    /// The network rules of a real site that the cluster has; none by default.
    public var site: Site
    /// Where the nodes run.
    public var backend: BackendChoice
    /// A name for people: 1 to 32 lower-case letters, digits and hyphens, a letter first; nil chooses one.
    public var name: String?
    /// What each node may use; unlimited by default.
    public var limits: NodeLimits
    /// Variables that every SSH command on every node sees.
    public var environment: [String: String]
    /// Ports of each node, besides 22, that are published on 127.0.0.1; with a Swarm, on the address of the node's machine.
    public var ports: [PublishedPort]
    /// Folders of this machine that every node sees.
    public var mounts: [Mount]
    /// Whether the nodes may reach what this machine reaches, such as a package index. With Docker they always may.
    public var outside: Bool
    /// Whether the nodes may connect to services of this machine that listen on all of its addresses, such as a server that
    /// the test runs and the nodes call back. They find this machine as `host.cluster`. With Docker they always may. An ordinary user's namespaces, a
    /// Swarm and Docker on macOS have no `host.cluster`: there, ``Node/reverseForward(_:as:)`` leads to this machine.
    public var hostAccess: Bool
    /// The range of IPv4 addresses out of which the cluster's subnet is taken, such as `10.77.0.0/16`; nil is what `CLUSTER_FIXTURE_SUBNETS` names,
    /// or 198.18.0.0/15, which is set aside for testing networks (RFC 2544). A subnet is at least a /24, and none that this machine has
    /// a route to.
    public var subnets: String?
    /// Whether the nodes have addresses of IPv6 as well, by which their names lead to them: unique local ones (RFC 4193). They have `::1` in any case.
    public var ipv6: Bool
    /// Whether `ubuntu` may become root by `sudo`, without a password.
    public var sudo: Bool
    /// Whether `root` and `ubuntu` can log in by password too. The passwords are made anew for each cluster, and stand in its
    /// inventory alone.
    public var passwordLogins: Bool
    /// Linux capabilities that the nodes' root has beside Docker's usual ones and `NET_ADMIN`, such as `SYS_PTRACE`. With namespaces
    /// root has all of them already, over what is the node's own.
    public var capabilities: [String]
    /// Whether the nodes have RSA host keys too, beside ed25519 and ECDSA, for clients that know no others. To make one takes a
    /// processor 0.1 to 0.2 seconds, for each node.
    public var rsaHostKeys: Bool
    /// Whether what each node sends and gets is recorded, by tcpdump on the node: the last 8 to 16 MB of it, with all that is in it. When a
    /// test fails, the evidence has a file NODE.pcap for each. The nodes' image gets the package tcpdump, unless it
    /// has that already.
    public var packets: Bool
    /// How long all nodes together may take to become ready, from the moment their containers are started.
    public var readyWithin: Duration

    /// The largest number of nodes in one cluster.
    ///
    /// The backends have limits below it: a Linux bridge has 1024 ports.
    public static let maximumNodes = 1000

    /// Describes a cluster.
    ///
    /// - Parameters:
    ///   - nodes: How many nodes, where all are alike.
    ///   - roles: What nodes are there for, where they differ.
    ///   - image: What a node is made of.
    ///   - services: What runs on the nodes besides sshd.
    ///   - site: What is there of a real site's networks and rules.
    ///   - backend: Where the nodes run.
    ///   - name: A name for people, or nil to choose one.
    ///   - limits: What each node may use.
    ///   - environment: Variables that every SSH command on every node sees.
    ///   - ports: Ports of each node, besides 22, that are published on 127.0.0.1.
    ///   - mounts: Folders of this machine that every node sees.
    ///   - outside: Whether the nodes may reach what this machine reaches, such as a package index.
    ///   - hostAccess: Whether the nodes may connect to services of this machine.
    ///   - subnets: The range of IPv4 addresses out of which the cluster's subnet is taken.
    ///   - ipv6: Whether the nodes have addresses of IPv6 as well.
    ///   - sudo: Whether `ubuntu` may become root by `sudo`, without a password.
    ///   - passwordLogins: Whether the users can log in by password too; see ``Node/password(for:)``.
    ///   - capabilities: Linux capabilities that the nodes' root has besides the usual ones, such as `SYS_PTRACE`.
    ///   - rsaHostKeys: Whether the nodes have RSA host keys beside others.
    ///   - packets: Whether what each node sends and gets is recorded for the evidence.
    ///   - readyWithin: How long the nodes may take to become ready; 60 seconds unless you say otherwise.
    public init(
        nodes: Int = 1,
        roles: [NodeRole] = [],
        image: NodeImage = .node,
        services: [any Service] = [],
        site: Site = .open,
        backend: BackendChoice = .automatic,
        name: String? = nil,
        limits: NodeLimits = .none,
        environment: [String: String] = [:],
        ports: [PublishedPort] = [],
        mounts: [Mount] = [],
        outside: Bool = false,
        hostAccess: Bool = false,
        subnets: String? = nil,
        ipv6: Bool = false,
        sudo: Bool = false,
        passwordLogins: Bool = false,
        capabilities: [String] = [],
        rsaHostKeys: Bool = false,
        packets: Bool = false,
        readyWithin: Duration = .seconds(60)
    ) {
        self.nodes = nodes
        self.roles = roles
        self.image = image
        self.serviceList = ServiceList(services)
        self.site = site
        self.backend = backend
        self.name = name
        self.limits = limits
        self.environment = environment
        self.ports = ports
        self.mounts = mounts
        self.outside = outside
        self.hostAccess = hostAccess
        self.subnets = subnets
        self.ipv6 = ipv6
        self.sudo = sudo
        self.passwordLogins = passwordLogins
        self.capabilities = capabilities
        self.rsaHostKeys = rsaHostKeys
        self.packets = packets
        self.readyWithin = readyWithin
    }
}

extension ClusterConfiguration {
    /// How many nodes there are to be.
    package var size: Int { roles.isEmpty ? nodes : roles.reduce(0) { $0 + max($1.count, 0) } }
}

/// A port of each node that is published on this machine's 127.0.0.1; with a Swarm, on the address of the node's machine.
public struct PublishedPort: Sendable, Hashable, ExpressibleByIntegerLiteral {
    /// The port in the node.
    public var nodePort: Int
    /// The port on this machine; nil takes a free one, different for each node.
    public var hostPort: Int?
    /// What comes to the port.
    public var transport: Transport

    /// What comes to a port: the connections of TCP, or the datagrams of UDP.
    public enum Transport: String, Sendable, Hashable, Codable, CaseIterable {
        /// Connections.
        case tcp
        /// Datagrams.
        case udp
    }

    /// Publishes a node's port.
    ///
    /// - Parameters:
    ///   - nodePort: The port in the node.
    ///   - hostPort: The port on this machine, possible with one node only; nil takes a free one.
    ///   - transport: What comes to the port: TCP unless you say otherwise.
    public init(_ nodePort: Int, on hostPort: Int? = nil, _ transport: Transport = .tcp) {
        self.nodePort = nodePort
        self.hostPort = hostPort
        self.transport = transport
    }

    /// Publishes a node's port on a free port of this machine.
    public init(integerLiteral nodePort: Int) { self.init(nodePort) }
}

/// A folder of this machine that every node sees.
public struct Mount: Sendable, Hashable {
    /// The folder on this machine: an absolute path.
    public var source: String
    /// Where the nodes see it: an absolute path.
    public var target: String
    /// Whether the nodes may only read it.
    public var isReadOnly: Bool

    /// Shares a folder with every node.
    ///
    /// - Parameters:
    ///   - source: The folder on this machine: an absolute path.
    ///   - target: Where the nodes see it: an absolute path.
    ///   - isReadOnly: Whether the nodes may only read it.
    public init(_ source: String, at target: String, isReadOnly: Bool = false) {
        self.source = source
        self.target = target
        self.isReadOnly = isReadOnly
    }
}

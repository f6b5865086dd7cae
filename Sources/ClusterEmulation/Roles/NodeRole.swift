/// What some nodes of a cluster are there for, and in what they differ from the others.
///
/// Its nodes are called by it: `login1`, `compute1`, `compute2` and so on. What a role doesn't say is as the cluster's
/// ``ClusterConfiguration`` has it.
///
/// ```swift
/// let fixture = ClusterFixture(roles: [.login, .compute(3, limits: NodeLimits(processors: 1, memory: 1 << 30))])
/// ```
public struct NodeRole: Sendable, Hashable {
    /// What its nodes are called by: 1 to 16 lower-case letters, digits and hyphens, a letter first, no digit or hyphen last.
    public var name: String
    /// How many nodes have it; 1 unless you say otherwise.
    public var count: Int
    /// What its nodes are made of; nil is the cluster's image.
    public var image: NodeImage?
    /// What each of its nodes may use, in the place of all of the cluster's limits; nil is the cluster's limits.
    public var limits: NodeLimits?
    /// Variables of its nodes besides the cluster's, before which they go.
    public var environment: [String: String]
    /// Ports of its nodes that are published besides the cluster's.
    public var ports: [PublishedPort]

    /// Describes a role.
    ///
    /// - Parameters:
    ///   - name: What its nodes are called by.
    ///   - count: How many nodes have it.
    ///   - image: What its nodes are made of; nil is the cluster's image.
    ///   - limits: What each of its nodes may use; nil is as the cluster's limits have it.
    ///   - environment: Variables of its nodes besides the cluster's.
    ///   - ports: Ports of its nodes that are published besides the cluster's.
    public init(
        _ name: String, _ count: Int = 1, image: NodeImage? = nil, limits: NodeLimits? = nil,
        environment: [String: String] = [:], ports: [PublishedPort] = []
    ) {
        self.name = name
        self.count = count
        self.image = image
        self.limits = limits
        self.environment = environment
        self.ports = ports
    }

    /// One node that users log in to, `login1`, on which services such as a batch system's controller run.
    public static let login = NodeRole(loginName)

    /// Nodes that users log in to: ``login``, when there are several or they differ.
    public static func login(
        _ count: Int = 1, image: NodeImage? = nil, limits: NodeLimits? = nil, environment: [String: String] = [:],
        ports: [PublishedPort] = []
    ) -> NodeRole {
        NodeRole(loginName, count, image: image, limits: limits, environment: environment, ports: ports)
    }

    /// Nodes that do the work: `compute1`, `compute2` and so on.
    public static func compute(
        _ count: Int = 1, image: NodeImage? = nil, limits: NodeLimits? = nil, environment: [String: String] = [:],
        ports: [PublishedPort] = []
    ) -> NodeRole {
        NodeRole(computeName, count, image: image, limits: limits, environment: environment, ports: ports)
    }

    package static let loginName = "login"
    package static let computeName = "compute"

    /// The names of its nodes.
    package var nodeNames: [String] { (0..<max(count, 0)).map { "\(name)\($0 + 1)" } }
}

extension NodeRole {
    /// What the nodes of a cluster are called, in regular expressions: a role's name and a number.
    package static let nodeNamePattern = "[a-z][a-z0-9-]*[a-z][0-9]+|[a-z][0-9]+"

    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`.
    func validate() throws {
        let letters = name.utf8
        let isName =
            (1...16).contains(letters.count) && ClusterConfiguration.isValidName(name)
            && letters.last.map { (0x61...0x7a).contains($0) } == true
        guard isName else {
            throw ClusterError(
                .invalidConfiguration,
                "The role \"\(ClusterConfiguration.printable(name))\" is not 1 to 16 lower-case letters, digits and hyphens, a letter first and last."
            )
        }
        guard count >= 1 else {
            throw ClusterError(.invalidConfiguration, "The role \(name) has \(count) nodes: at least 1.")
        }
    }
}

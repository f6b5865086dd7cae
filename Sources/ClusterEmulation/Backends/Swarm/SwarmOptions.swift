import Foundation

/// What a Swarm is asked for beyond a cluster's own configuration.
public struct SwarmOptions: Sendable, Hashable {
    /// The engine that is a manager of the Swarm: an address as in `DOCKER_HOST`, or the name of one of Docker's contexts. Nil is what
    /// `CLUSTER_FIXTURE_SWARM` says, or else the engine that the `docker` command would use.
    public var manager: String?
    /// What machines have to be to have nodes, each in Swarm's own words, such as `node.labels.disk==ssd` or `node.role!=manager`.
    public var constraints: [String]
    /// The label of machines over whose values the nodes are spread evenly, such as `zone`; nil spreads them over the machines alone.
    public var spreadOver: String?
    /// Whether what nodes say to each other is encrypted between machines (IPsec), which takes a kernel with ESP on each.
    public var isEncrypted: Bool
    /// A registry that all machines can reach, such as `registry.example:5000/tests`, by which they get images; nil is what
    /// `CLUSTER_FIXTURE_SWARM_REGISTRY` says. Without one, this process carries images to machines that do not have them.
    public var registry: String?
    /// Whether nodes are reached through one of them alone, the login node or else the first, which is then on the manager's machine: for Swarms
    /// whose other machines let nobody in from here. `CLUSTER_FIXTURE_SWARM_GATEWAY=yes` says the same.
    public var throughGateway: Bool

    /// Describes what a Swarm is asked for.
    public init(
        manager: String? = nil, constraints: [String] = [], spreadOver: String? = nil, isEncrypted: Bool = false,
        registry: String? = nil, throughGateway: Bool = false
    ) {
        self.manager = manager
        self.constraints = constraints
        self.spreadOver = spreadOver
        self.isEncrypted = isEncrypted
        self.registry = registry
        self.throughGateway = throughGateway
    }

    /// The engine that is the manager.
    var engine: DockerEngine {
        guard let manager = manager ?? Self.variable("CLUSTER_FIXTURE_SWARM") else { return DockerEngine() }
        return manager.contains("://") ? DockerEngine(host: manager) : DockerEngine(context: manager)
    }

    var chosenRegistry: String? { registry ?? Self.variable("CLUSTER_FIXTURE_SWARM_REGISTRY") }

    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if the variable says neither yes nor no.
    var hasGateway: Bool {
        get throws {
            let name = "CLUSTER_FIXTURE_SWARM_GATEWAY"
            switch Self.variable(name) {
            case nil, "no": return throughGateway
            case "yes": return true
            case let other?:
                throw ClusterError(
                    .invalidConfiguration,
                    "\(name) is \"\(ClusterConfiguration.printable(other))\", which is not one of its values.",
                    remedy: "Use yes or no, or unset the variable.")
            }
        }
    }

    /// What a machine is one of many with; nil if nothing tells machines apart.
    func group(of machine: SwarmMachine) -> String? { spreadOver.map { machine.labels[$0] ?? "" } }

    private static func variable(_ name: String) -> String? {
        let text = ProcessInfo.processInfo.environment[name] ?? ""
        return text.isEmpty ? nil : text
    }
}

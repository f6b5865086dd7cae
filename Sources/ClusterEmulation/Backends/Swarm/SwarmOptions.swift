import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

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
    /// The label of machines that says by which of their IPv4 addresses nodes are reached, such as `address`: ports are published there and
    /// nowhere else. Nil is what `CLUSTER_FIXTURE_SWARM_ADDRESS_LABEL` says, or else the address that each machine has in the Swarm.
    public var addressLabel: String?
    /// Whether nodes are reached through one of them alone, the login node or else the first, which is then on the manager's machine: for Swarms
    /// whose other machines let nobody in from here. `CLUSTER_FIXTURE_SWARM_GATEWAY=yes` says the same.
    public var throughGateway: Bool

    /// Describes what a Swarm is asked for.
    ///
    /// - Parameters:
    ///   - manager: The manager's address, or a context's name; nil is what the environment says.
    ///   - constraints: What machines have to be, in Swarm's words.
    ///   - spreadOver: The label over whose values nodes are spread; nil is none.
    ///   - isEncrypted: Whether the network is encrypted between machines.
    ///   - registry: By which registry machines get images; nil is what the environment says, or none.
    ///   - addressLabel: The label that says by which address nodes are reached; nil is what the environment says, or none.
    ///   - throughGateway: Whether nodes are reached through one of them alone.
    public init(
        manager: String? = nil, constraints: [String] = [], spreadOver: String? = nil, isEncrypted: Bool = false,
        registry: String? = nil, addressLabel: String? = nil, throughGateway: Bool = false
    ) {
        self.manager = manager
        self.constraints = constraints
        self.spreadOver = spreadOver
        self.isEncrypted = isEncrypted
        self.registry = registry
        self.addressLabel = addressLabel
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

    /// A machine with the address by which its nodes are reached.
    ///
    /// - Throws: ``ClusterError`` with the code `provisioningFailed` if its label gives none.
    func reached(_ machine: SwarmMachine) throws -> SwarmMachine {
        guard let label = addressLabel ?? Self.variable("CLUSTER_FIXTURE_SWARM_ADDRESS_LABEL") else { return machine }
        let text = machine.labels[label] ?? ""
        var bytes = in_addr()
        guard inet_pton(AF_INET, text, &bytes) == 1 else {
            throw ClusterError(
                .provisioningFailed,
                text.isEmpty
                    ? "\(machine.name) has no label \(label), which is to say by which address its nodes are reached."
                    : "The label \(label) of \(machine.name) is \"\(ClusterConfiguration.printable(text))\", which is not an IPv4 address.",
                remedy: "Write it: `docker node update --label-add \(label)=ADDRESS \(machine.name)`.")
        }
        return machine.with(address: text)
    }

    /// What a machine is one of many with; nil if nothing tells machines apart.
    func group(of machine: SwarmMachine) -> String? { spreadOver.map { machine.labels[$0] ?? "" } }

    private static func variable(_ name: String) -> String? {
        let text = ProcessInfo.processInfo.environment[name] ?? ""
        return text.isEmpty ? nil : text
    }
}

import Foundation

/// Where a cluster's nodes run.
public struct BackendChoice: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: Hashable {
        case automatic
        case docker(host: String?)
        case namespaces
        case swarm(SwarmOptions)
        case hosts(file: String?)
        case custom(String)
    }

    private let kind: Kind
    private let make: @Sendable () -> any Backend

    /// Takes what this machine has: a Docker-compatible engine if one answers and can make the nodes, else Linux namespaces. If neither can,
    /// the error says what each would need.
    ///
    /// `CLUSTER_FIXTURE_BACKEND=docker`, `=namespaces`, `=swarm` or `=hosts` makes the choice from outside. `CLUSTER_FIXTURE_HOSTS=FILE`
    /// alone does as well: then it takes the hosts of that file, and nothing else.
    public static let automatic = BackendChoice(kind: .automatic) { DockerBackend(DockerEngine()) }

    /// A Docker-compatible engine, the one that the `docker` command would use.
    ///
    /// `CLUSTER_FIXTURE_DOCKER` names another command, such as `podman`.
    public static let docker = docker(host: nil)

    /// A Docker-compatible engine on this machine, named as in `DOCKER_HOST`, such as `unix:///run/docker.sock`.
    ///
    /// - Parameter host: The engine's address; nil is that of the engine that the `docker` command would use.
    /// - Returns: The choice.
    public static func docker(host: String?) -> BackendChoice {
        BackendChoice(kind: .docker(host: host)) { DockerBackend(DockerEngine(host: host)) }
    }

    #if os(Linux)
    /// Linux namespaces on this machine, without any engine: as root, or as an ordinary user who has a range of user
    /// numbers (subuid(5)).
    public static let namespaces = BackendChoice(kind: .namespaces) { NamespacesBackend() }
    #endif

    /// A Docker Swarm, whose manager is the engine that `CLUSTER_FIXTURE_SWARM` names, or else the one that the `docker` command would use.
    /// The automatic choice never takes it.
    public static let swarm = swarm(SwarmOptions())

    /// A Docker Swarm, with more said about it.
    ///
    /// - Parameter options: What the Swarm is asked for.
    /// - Returns: The choice.
    public static func swarm(_ options: SwarmOptions) -> BackendChoice {
        BackendChoice(kind: .swarm(options)) { SwarmBackend(options) }
    }

    /// Existing machines, which a file names: a list of hosts as YAML, an Ansible inventory or an ssh_config. A cluster takes
    /// as many as it needs, works in a folder of its own on each, and leaves them as they were.
    ///
    /// - Parameter file: The file's path.
    /// - Returns: The choice.
    public static func hosts(_ file: String) -> BackendChoice {
        BackendChoice(kind: .hosts(file: file)) { HostsBackend(file: file) }
    }

    /// The hosts of the file that `CLUSTER_FIXTURE_HOSTS` names.
    public static let hosts = BackendChoice(kind: .hosts(file: nil)) { HostsBackend() }

    /// A backend that the caller brings; its `name` identifies it.
    package static func custom(_ name: String, _ make: @escaping @Sendable () -> any Backend) -> BackendChoice {
        BackendChoice(kind: .custom(name), make: make)
    }

    /// The choice's name.
    public var description: String {
        switch kind {
        case .automatic: "automatic"
        case .docker(nil): "docker"
        case .namespaces: "namespaces"
        case .swarm: "swarm"
        case .hosts(nil): HostsBackend.identifier
        case .hosts(let file?): "hosts of \(file)"
        case .docker(let host?): "docker at \(host)"
        case .custom(let name): name
        }
    }

    /// Two choices are equal if they name the same backend with the same settings: an engine's address, a Swarm's options, a file of hosts.
    public static func == (left: Self, right: Self) -> Bool { left.kind == right.kind }

    /// Hashes what makes choices equal.
    public func hash(into hasher: inout Hasher) { hasher.combine(kind) }
}

extension BackendChoice {
    /// Returns the backend if it can run here, and says once per process which one it is.
    ///
    /// The automatic choice tries all that there are, in their order, and takes the first that can run here and can make what is planned.
    ///
    /// - Parameter plan: What it is to make; nil if that is not known yet.
    /// - Returns: The backend.
    /// - Throws: ``ClusterError`` that says of each why it is not taken.
    package func resolve(for plan: ClusterPlan? = nil) async throws -> any Backend {
        var reasons: [String] = []
        var remedies: [String] = []
        var refusal: ClusterError?
        let candidates = try candidates()
        for backend in candidates {
            try backend.checkSettings()
            switch await backend.availability() {
            case .available(let description):
                do {
                    if let plan { try backend.check(plan) }
                } catch let error as ClusterError where candidates.count > 1 {
                    refusal = refusal ?? error
                    reasons.append(error.message)
                    remedies.append(error.remedy)
                    continue
                }
                if Self.said.withLock({ $0.insert(description).inserted }) { Progress.say("using \(description)") }
                return backend
            case .unavailable(let reason, let remedy):
                reasons.append("The \(backend.name) backend can't run here: \(ClusterError.sentence(reason))")
                remedies.append(remedy)
            }
        }
        throw ClusterError(
            refusal?.code ?? .backendUnavailable, reasons.joined(separator: " "),
            remedy: remedies.filter { !$0.isEmpty }.joined(separator: " Or: "))
    }

    /// The backends that it tries, in their order.
    ///
    /// - Parameter environment: The variables that may make the automatic choice.
    /// - Returns: The backends.
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`, if a variable names none.
    package func candidates(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> [any Backend] {
        guard kind == .automatic else { return [make()] }
        let wanted = environment["CLUSTER_FIXTURE_BACKEND"] ?? ""
        if wanted.isEmpty || wanted == "automatic" {
            if !(environment[HostsBackend.variable] ?? "").isEmpty { return [HostsBackend()] }
            return Self.local.map { $0.make() }
        }
        guard let choice = Self.known.first(where: { $0.description == wanted }) else {
            throw ClusterError(
                .invalidConfiguration,
                "CLUSTER_FIXTURE_BACKEND is \"\(ClusterConfiguration.printable(wanted))\", which is not a backend.",
                remedy: "Use \(Self.known.map(\.description).joined(separator: ", ")) or automatic.")
        }
        return [choice.make()]
    }

    /// The choices that the automatic one tries, in their order.
    private static var local: [BackendChoice] {
        #if os(Linux)
        [.docker, .namespaces]
        #else
        [.docker]
        #endif
    }

    /// The choices that have a name on this system.
    package static var known: [BackendChoice] { local + [.swarm, .hosts] }

    /// The choice of a name.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`, which suggests the near name.
    package static func named(_ name: String) throws -> BackendChoice {
        let choices = [automatic] + known
        if let choice = choices.first(where: { $0.description == name }) { return choice }
        let names = choices.map(\.description)
        throw ClusterError(
            .invalidConfiguration, "There is no backend \"\(ClusterConfiguration.printable(name))\".",
            remedy: ClusterCatalog.nearest(to: name, among: names).map { "Did you mean \($0)?" }
                ?? "Use \(names.joined(separator: ", ")).")
    }

    /// A backend of each kind that there is on this system, those of the automatic choice first, in its order.
    package static var all: [any Backend] { known.map { $0.make() } }

    private static let said = Locked<Set<String>>([])
}

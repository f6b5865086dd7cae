public import ArgumentParser
public import ClusterEmulation
import ClusterFile
import Foundation

/// What a cluster is to be, as `run` and `up` are told: by a file, and by options, which win over it.
struct ClusterOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: "A YAML file with what the cluster is to be; options win over it. - is standard input.",
        completion: .file(extensions: ["yaml", "yml"]))
    var file: String?

    @Option(name: .shortAndLong, help: "How many nodes. (default: 1)")
    var nodes: Int?

    @Option(help: "What nodes are there for, where they differ: login, or compute=3.")
    var role: [RoleOption] = []

    @OptionGroup var image: ImageOptions

    @Option(
        help:
            "What runs on the nodes besides sshd: a service's name, or NAME=VALUE with what it is given, as a file has it, such as shared-folder=/home."
    )
    var service: [String] = []

    @Option(
        help: "What real sites have: \(Site.names.joined(separator: ", ")). (default: open)",
        completion: .list(Site.names))
    var site: String?

    @Option(
        help: "Where the nodes run: automatic, docker, namespaces, swarm or hosts. (default: automatic)",
        completion: .backends
    )
    var backend: String?

    @Option(
        help:
            "Take the nodes from the machines that a file names: a list of hosts as YAML, an Ansible inventory or an ssh_config.",
        completion: .file())
    var hosts: String?

    @Option(help: "A name for the cluster, or for the pool: lower-case letters, digits and hyphens, a letter first.")
    var name: String?

    @Option(help: "How many processors a node may use, such as 0.5.")
    var processors: Double?

    @Option(help: "How much memory a node may use, such as 512m or 2g.")
    var memory: MemorySize?

    @Option(help: "How much a node may write to its file system, such as 2g.")
    var disk: MemorySize?

    @Option(name: .customLong("shm"), help: "The size of a node's /dev/shm, such as 256m.")
    var sharedMemory: MemorySize?

    @Option(
        help:
            "A limit, such as nofile=4096: of each process nofile, stack, memlock or core; nproc of all that a user runs on all nodes."
    )
    var ulimit: [ProcessLimitOption] = []

    @Option(name: .customLong("cap-add"), help: "A Linux capability for the nodes' root, such as SYS_PTRACE.")
    var capabilities: [String] = []

    @Flag(inversion: .prefixedNo, help: "Let ubuntu become root by sudo, without a password.")
    var sudo: Bool?

    @Flag(
        inversion: .prefixedNo, help: "Let root and ubuntu log in by password too; the inventory has the passwords.")
    var passwordLogins: Bool?

    @Flag(inversion: .prefixedNo, help: "Give the nodes RSA host keys too: 0.1 to 0.2 s for each.")
    var rsaHostKeys: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Record what each node sends and gets, by tcpdump: the evidence of a failure has a NODE.pcap for each.")
    var packets: Bool?

    @Option(
        name: [.customShort("e"), .customLong("env")],
        help: "A variable that every command on the nodes sees: NAME=VALUE.")
    var environment: [String] = []

    @Option(
        name: .shortAndLong,
        help:
            "A port of every node that is published on 127.0.0.1 (with a Swarm, on the address of the node's machine): 8787, 18080:8080 for a port of your choice, 5353/udp."
    )
    var publish: [PublishedPort] = []

    @Option(help: "A folder that every node sees: SOURCE:TARGET, or SOURCE:TARGET:ro.")
    var mount: [String] = []

    @Flag(inversion: .prefixedNo, help: "Let the nodes reach what this machine reaches. With Docker they always may.")
    var outside: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Let the nodes connect to this machine's own services. With Docker they always may.")
    var hostAccess: Bool?

    @Option(help: "The range out of which the cluster's addresses are taken, such as 10.77.0.0/16.")
    var subnets: String?

    @Flag(inversion: .prefixedNo, help: "Give the nodes addresses of IPv6 as well.")
    var ipv6: Bool?

    @Option(help: "How many seconds the nodes may take to become ready. (default: 60)")
    var readyWithin: Int?

    /// - Throws: `ValidationError` or ``ClusterError`` for what can't be read as what it should be.
    func configuration() throws -> ClusterConfiguration {
        var cluster = try file.map(ClusterFile.read) ?? ClusterConfiguration()
        if let nodes { (cluster.nodes, cluster.roles) = (nodes, []) }
        if !role.isEmpty {
            if nodes != nil { throw ValidationError("--role says how many nodes there are: leave out --nodes.") }
            (cluster.nodes, cluster.roles) = (1, role.map { $0.role(among: cluster.roles) })
        }
        cluster.image = image.image(over: cluster.image)
        let services = try service.map(ClusterFile.service)
        // One of the same name as one in the file takes that one's place.
        cluster.services =
            cluster.services.filter { old in !services.contains { $0.name == old.name } } + services
        if let site {
            guard let preset = Site.named(site) else {
                throw ValidationError("--site is one of \(Site.names.joined(separator: ", ")), not \"\(site)\".")
            }
            cluster.site = preset
        }
        if let backend { cluster.backend = try BackendChoice.named(backend) }
        if let hosts {
            guard backend == nil || cluster.backend == .hosts else {
                throw ValidationError(
                    "--hosts names machines for the backend hosts: leave out --backend \(backend ?? "").")
            }
            cluster.backend = .hosts(hosts)
        }
        if let name { cluster.name = name }
        if let processors { cluster.limits.processors = processors }
        if let memory { cluster.limits.memory = memory.bytes }
        if let disk { cluster.limits.disk = disk.bytes }
        if let sharedMemory { cluster.limits.sharedMemory = sharedMemory.bytes }
        for limit in ulimit { limit.set(in: &cluster.limits) }
        cluster.environment.merge(try variables()) { $1 }
        // What is about the same port or place as one in the file takes that one's.
        cluster.ports = cluster.ports.filter { old in !publish.contains { $0.isSamePort(as: old) } } + publish
        let mounts = try mounts()
        cluster.mounts = cluster.mounts.filter { old in !mounts.contains { $0.target == old.target } } + mounts
        if let outside { cluster.outside = outside }
        if let hostAccess { cluster.hostAccess = hostAccess }
        if let subnets { cluster.subnets = subnets }
        if let ipv6 { cluster.ipv6 = ipv6 }
        if let sudo { cluster.sudo = sudo }
        if let passwordLogins { cluster.passwordLogins = passwordLogins }
        if let rsaHostKeys { cluster.rsaHostKeys = rsaHostKeys }
        if let packets { cluster.packets = packets }
        cluster.capabilities += capabilities
        if let readyWithin { cluster.readyWithin = .seconds(readyWithin) }
        return cluster
    }

    private func variables() throws -> [String: String] {
        try environment.reduce(into: [:]) { variables, word in
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw ValidationError("\"\(word)\" is not a variable: write NAME=VALUE.") }
            variables[String(parts[0])] = String(parts[1])
        }
    }

    private func mounts() throws -> [Mount] {
        try mount.map { word in
            let parts = word.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 || parts.count == 3 && parts[2] == "ro" else {
                throw ValidationError("\"\(word)\" is not a mount: write SOURCE:TARGET or SOURCE:TARGET:ro.")
            }
            return Mount(ImageOptions.absolute(parts[0]), at: parts[1], isReadOnly: parts.count == 3)
        }
    }
}

/// A role, written `login` or `compute=3`.
struct RoleOption: ExpressibleByArgument {
    private let name: String
    private let count: Int

    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let count = parts.count == 2 ? Int(parts[1]) : 1 else { return nil }
        (name, self.count) = (parts[0], count)
    }

    /// The role, with whatever else a file says of it.
    func role(among roles: [NodeRole]) -> NodeRole {
        var role = roles.first { $0.name == name } ?? NodeRole(name)
        role.count = count
        return role
    }
}

extension PublishedPort: ExpressibleByArgument {
    /// Reads `NODEPORT`, `HOSTPORT:NODEPORT`, and either with `/udp`.
    public init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let transport = Transport(rawValue: parts.count == 2 ? String(parts[1]) : "tcp")
        else { return nil }
        let words = parts[0].split(separator: ":", omittingEmptySubsequences: false)
        let ports = words.compactMap { Int($0) }
        guard (1...2).contains(ports.count), ports.count == words.count else { return nil }
        self.init(ports[ports.count - 1], on: ports.count == 2 ? ports[0] : nil, transport)
    }

    fileprivate func isSamePort(as other: PublishedPort) -> Bool {
        nodePort == other.nodePort && transport == other.transport
    }
}

extension ClusterConfiguration {
    /// Claims the name that was asked for, if any, until the cluster is found by it.
    func claimName() async throws -> NameClaim? {
        guard let name else { return nil }
        return try await NameClaim.cluster(name)
    }
}

/// Bytes, written with a unit: `512m`, `2g`.
struct MemorySize: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        guard let bytes = Size.bytes(argument), bytes > 0 else { return nil }
        self.bytes = bytes
    }
}

/// A limit of each process as `docker run --ulimit` has it: `nofile=4096`.
struct ProcessLimitOption: ExpressibleByArgument {
    private let resource: ProcessLimit.Resource
    private let number: Int

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let number = Size.bytes(parts[1]),
            let resource = ProcessLimit.Resource.allCases.first(where: { $0.name == parts[0] })
        else { return nil }
        (self.resource, self.number) = (resource, number)
    }

    func set(in limits: inout NodeLimits) { limits[keyPath: resource.setting] = number }
}

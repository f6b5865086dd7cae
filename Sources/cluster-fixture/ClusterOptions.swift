public import ArgumentParser
public import ClusterEmulation
import Foundation

/// What a cluster is to be, as `run` and `up` are told.
struct ClusterOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "How many nodes.")
    var nodes = 1

    @OptionGroup var image: ImageOptions

    @Option(help: "Where the nodes run: automatic, docker or namespaces.", completion: .backends)
    var backend = "automatic"

    @Option(help: "A name for the cluster: lower-case letters, digits and hyphens.")
    var name: String?

    @Option(help: "How many processors a node may use, such as 0.5.")
    var processors: Double?

    @Option(help: "How much memory a node may use, such as 512m or 2g.")
    var memory: MemorySize?

    @Option(help: "How much a node may write to its file system, such as 2g.")
    var disk: MemorySize?

    @Option(name: .customLong("shm"), help: "The size of a node's /dev/shm, such as 256m.")
    var sharedMemory: MemorySize?

    @Option(name: .customLong("cap-add"), help: "A Linux capability for the nodes' root, such as SYS_PTRACE.")
    var capabilities: [String] = []

    @Flag(help: "Let ubuntu become root by sudo, without a password.")
    var sudo = false

    @Flag(help: "Give the nodes RSA host keys too: 0.1 to 0.2 s for each.")
    var rsaHostKeys = false

    @Option(
        name: [.customShort("e"), .customLong("env")],
        help: "A variable that every command on the nodes sees: NAME=VALUE.")
    var environment: [String] = []

    @Option(
        name: .shortAndLong,
        help:
            "A port of every node that is published on 127.0.0.1: 8787, 18080:8080 for a port of your choice, 5353/udp."
    )
    var publish: [PublishedPort] = []

    @Option(help: "A folder that every node sees: SOURCE:TARGET, or SOURCE:TARGET:ro.")
    var mount: [String] = []

    @Flag(help: "Let the nodes reach what this machine reaches. With Docker they always may.")
    var outside = false

    @Flag(help: "Let the nodes connect to this machine's own services. With Docker they always may.")
    var hostAccess = false

    @Option(help: "The range out of which the cluster's addresses are taken, such as 10.77.0.0/16.")
    var subnets: String?

    @Flag(help: "Give the nodes addresses of IPv6 as well.")
    var ipv6 = false

    @Option(help: "How many seconds the nodes may take to become ready.")
    var readyWithin = 60

    /// - Throws: `ValidationError` for what can't be read as what it should be.
    func configuration(mounts extra: [Mount] = []) throws -> ClusterConfiguration {
        ClusterConfiguration(
            nodes: nodes, image: image.image, backend: try Self.backend(backend), name: name,
            limits: NodeLimits(
                processors: processors, memory: memory?.bytes, disk: disk?.bytes, sharedMemory: sharedMemory?.bytes),
            environment: try variables(), ports: publish, mounts: try mounts() + extra,
            outside: outside, hostAccess: hostAccess, subnets: subnets, ipv6: ipv6, sudo: sudo,
            capabilities: capabilities, rsaHostKeys: rsaHostKeys,
            readyWithin: .seconds(readyWithin))
    }

    /// Claims the name that was asked for, if any, until the cluster is found by it.
    func claimName() async throws -> NameClaim? {
        guard let name else { return nil }
        return try await NameClaim(name)
    }

    static let backends = [BackendChoice.automatic] + BackendChoice.known

    static func backend(_ name: String) throws -> BackendChoice {
        guard let choice = backends.first(where: { $0.description == name }) else {
            let names = backends.map(\.description)
            let near = ClusterCatalog.nearest(to: name, among: names).map { " Did you mean \($0)?" } ?? ""
            throw ValidationError("There is no backend \"\(name)\": use \(names.joined(separator: ", ")).\(near)")
        }
        return choice
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
}

/// Bytes, written with a unit: `512m`, `2g`.
struct MemorySize: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        let units: [Character: Int] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
        let text = argument.lowercased()
        let unit = text.last.flatMap { units[$0] }
        guard let number = Int(unit == nil ? text : String(text.dropLast())), number > 0,
            case let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1), !overflow
        else { return nil }
        self.bytes = bytes
    }
}

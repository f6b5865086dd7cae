/// What a careful person would script by hand: parallel `docker run`, the banners, one `ssh … true` on each.
final class DockerRun: Contender {
    let name: String
    private let workshop: Workshop
    private let engine: DockerEngine
    /// The subnet of a network of their own, as a cluster has; nil: they share Docker's default network.
    private let subnet: String?
    private var containers: [String] = []

    init(_ workshop: Workshop, network subnet: String?) {
        self.workshop = workshop
        self.subnet = subnet
        engine = DockerEngine(workshop)
        name = subnet == nil ? "docker run" : "docker run, own network"
    }

    func whyNot() -> String? { DockerEngine.whyNot }

    func setUp(nodes: Int) async throws -> Times {
        let image = try workshop.image()
        var stopwatch = Stopwatch()
        if let subnet {
            try Spawn.run([
                "docker", "network", "create", "--label", workshop.label, "--subnet", subnet, workshop.name,
            ])
        }
        let run = ["docker", "run", "--detach", "--label", workshop.label, "--publish", "127.0.0.1::22"]
        let network = subnet == nil ? [] : ["--network", workshop.name]
        containers = try Spawn.parallel(Array(repeating: run + network + [image], count: nodes))
        let endpoints = try engine.endpoints(containers)
        try SSHClient(user: "ubuntu", key: workshop.key).reach(endpoints, &stopwatch)
        return stopwatch.times
    }

    func tearDown() async throws {
        let known = containers.isEmpty ? try engine.labelled() : containers
        containers = []
        if !known.isEmpty { try Spawn.run(["docker", "rm", "--force", "--volumes"] + known) }
        if subnet != nil { try Spawn.run(["docker", "network", "rm", workshop.name]) }
    }
}

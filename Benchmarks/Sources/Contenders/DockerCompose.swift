/// One service, scaled to N: `up`, the banners, one `ssh … true` on each, `down`.
final class DockerCompose: Contender {
    let name = "docker compose"
    private let workshop: Workshop
    private let engine: DockerEngine
    private let compose: Compose
    private let subnet: String

    init(_ workshop: Workshop, network subnet: String) {
        self.workshop = workshop
        self.subnet = subnet
        engine = DockerEngine(workshop)
        compose = Compose(workshop)
    }

    func whyNot() -> String? { compose.whyNot() }

    func setUp(nodes: Int) async throws -> Times {
        try compose.write(text(image: workshop.image()))
        var stopwatch = Stopwatch()
        try compose.run(["up", "--detach", "--scale", "node=\(nodes)"])
        let endpoints = try engine.endpoints(engine.labelled())
        try SSHClient(user: "ubuntu", key: workshop.key).reach(endpoints, &stopwatch)
        return stopwatch.times
    }

    func tearDown() async throws { try compose.run(["down", "--volumes"]) }

    private func text(image: String) -> String {
        """
        version: "2.4"
        services:
          node:
            image: "\(image)"
            labels: ["\(workshop.label)"]
            ports: ["127.0.0.1::22"]
        networks:
          default:
            labels: ["\(workshop.label)"]
            ipam: { config: [{ subnet: "\(subnet)" }] }

        """
    }
}

import Foundation

/// One service, scaled to N: `up`, the banners, one `ssh … true` on each, `down`.
final class DockerCompose: Contender {
    let name = "docker compose"
    private let workshop: Workshop
    private let engine: DockerEngine
    private let subnet: String
    private lazy var program = Self.program

    init(_ workshop: Workshop, network subnet: String) {
        self.workshop = workshop
        self.subnet = subnet
        engine = DockerEngine(workshop)
    }

    func whyNot() -> String? {
        DockerEngine.whyNot
            ?? (program == nil ? "there is neither docker's compose plugin nor docker-compose: \(Machine.peers)" : nil)
    }

    func setUp(nodes: Int) async throws -> Times {
        try write(image: workshop.image())
        var stopwatch = Stopwatch()
        try compose(["up", "--detach", "--scale", "node=\(nodes)"])
        let endpoints = try engine.endpoints(engine.labelled())
        try SSHClient(user: "ubuntu", key: workshop.key).reach(endpoints, &stopwatch)
        return stopwatch.times
    }

    func tearDown() async throws { try compose(["down", "--volumes"]) }

    private func compose(_ words: [String]) throws {
        guard let program else { throw Failure("there is no docker compose") }
        try Spawn.run(program + ["--project-name", workshop.name, "--file", file] + words)
    }

    private var file: String { workshop.folder + "/compose.yaml" }

    private func write(image: String) throws {
        let text = """
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
        try text.write(toFile: file, atomically: false, encoding: .utf8)
    }

    /// The plugin, else the older program.
    private static var program: [String]? {
        [["docker", "compose"], ["docker-compose"]].first { (try? Spawn.run($0 + ["version"])) != nil }
    }
}

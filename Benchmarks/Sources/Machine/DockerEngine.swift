/// The engine that the `docker` command finds.
struct DockerEngine {
    private let workshop: Workshop

    init(_ workshop: Workshop) { self.workshop = workshop }

    static var whyNot: String? {
        Machine.succeeds(["timeout", "10", "docker", "version"])
            ? nil : "no Docker engine answers: Benchmarks/run starts one if it can, see what it says"
    }

    /// The containers that bear the workshop's label.
    func labelled() throws -> [String] {
        try Spawn.run(["docker", "ps", "--all", "--quiet", "--filter", "label=" + workshop.label])
            .split(separator: "\n").map(String.init)
    }

    /// Where the containers' port 22 is published.
    func endpoints(_ containers: [String]) throws -> [Endpoint] {
        let format = #"{{(index (index .NetworkSettings.Ports "22/tcp") 0).HostPort}}"#
        return try Spawn.run(["docker", "inspect", "--format", format] + containers).split(separator: "\n").map {
            guard let port = UInt16($0) else { throw Failure("\"\($0)\" is not a port") }
            return Endpoint(port: port)
        }
    }
}

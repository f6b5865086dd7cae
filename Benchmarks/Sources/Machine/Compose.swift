/// A project of docker compose: a file in the workshop, and what is done with it.
final class Compose {
    private let workshop: Workshop
    private lazy var program = Self.program

    init(_ workshop: Workshop) { self.workshop = workshop }

    func whyNot() -> String? {
        DockerEngine.whyNot
            ?? (program == nil ? "there is neither docker's compose plugin nor docker-compose: \(Machine.peers)" : nil)
    }

    /// Writes the project's file; what was there goes.
    func write(_ text: String) throws { try text.write(toFile: file, atomically: false, encoding: .utf8) }

    /// Runs one of its commands, and returns what it printed.
    @discardableResult
    func run(_ words: [String]) throws -> String {
        guard let program else { throw Failure("there is no docker compose") }
        return try Spawn.run(program + ["--project-name", workshop.name, "--file", file] + words)
    }

    private var file: String { workshop.folder + "/compose.yaml" }

    /// The plugin, else the older program.
    private static var program: [String]? {
        [["docker", "compose"], ["docker-compose"]].first { (try? Spawn.run($0 + ["version"])) != nil }
    }
}

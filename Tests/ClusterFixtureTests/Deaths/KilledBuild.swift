#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Subprocess
import Testing

/// A build of a node's image, in a cache of its own, that is killed, and what is left of it.
struct KilledBuild: Sendable {
    private let command: CommandLine
    private let environment: [String: String]
    private let layers: String

    init(_ command: CommandLine) {
        self.command = command
        let cache = command.folder + "/cache"
        // No engine: other tests use the images there.
        environment = command.environment.merging(
            ["XDG_CACHE_HOME": cache, "DOCKER_HOST": "unix:///nowhere/docker.sock"]
        ) { $1 }
        layers = cache + "/cluster-fixture/layers"
    }

    /// Builds, and kills the program when it has printed a line with a text, and so long after that.
    func run(killedAt text: String, after pause: Duration = .zero) async throws {
        let variables = environment.map { (Environment.Key(stringLiteral: $0), Optional($1)) }
        _ = try await Subprocess.run(
            .name("env"), arguments: [CommandLine.path, "build"],
            environment: .inherit.updating(Dictionary(uniqueKeysWithValues: variables)), input: .none,
            output: .sequence, error: .combinedWithOutput
        ) { execution in
            for try await line in execution.standardOutput.strings() where line.contains(text) { break }
            try await Task.sleep(for: pause)
            try execution.send(signal: .kill)
        }
    }

    /// No process is left, and what it was making is found and removed.
    func expectNothingStays() async throws {
        let layers = layers
        #expect(try await eventually(within: .seconds(10)) { try Self.processes(with: layers).isEmpty })
        let unfinished = try folders.filter { $0.hasSuffix(".unfinished") }
        let doctor = try await command.run("doctor", environment: environment)
        #expect(doctor.standardOutput.contains("cluster-fixture prune") == !unfinished.isEmpty)
        let pruned = try await command.run("prune", environment: environment)
        // It also finds what other tests have left on purpose.
        #expect(pruned.lines.filter { $0.hasSuffix(".unfinished") } == unfinished, "\(pruned.standardError)")
        #expect(try folders.filter { $0.hasSuffix(".unfinished") } == [])
    }

    /// Removes the cache, whose files may belong to users of a cluster's.
    func removeCache() async throws {
        let removed = try await command.run("prune", "--images", "--unused-for", "0", environment: environment)
        try #require(removed.succeeded, "\(removed.complaint)")
        #expect(try folders == [])
    }

    private var folders: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: layers).filter { !$0.hasPrefix(".") }.sorted()
        }
    }

    /// Those that have a folder on their command line, or stand in it.
    private static func processes(with folder: String) throws -> [String] {
        try ProcessTable.commandLines(containing: folder)
            + FileManager.default.contentsOfDirectory(atPath: "/proc").filter { process in
                let places = ["cwd", "root"].map {
                    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/\($0)")
                }
                return Int(process) != nil && places.contains { $0?.contains(folder) == true }
            }
    }
}
#endif

import ClusterEmulation
import FixtureTestSupport
import Foundation

/// The program `cluster-fixture`, which is built beside the tests, with a temporary folder of its own.
struct CommandLine: Sendable {
    let folder: String
    let backend: BackendUnderTest?

    static let path = CommandLineProgram.path

    var environment: [String: String] {
        var variables = ["TMPDIR": folder, "NO_COLOR": "1"]
        if let backend { variables.merge(backend.environment) { $1 } }
        return variables
    }

    func run(_ words: String..., environment more: [String: String] = [:]) async throws -> CommandOutput {
        try await run(words, environment: more)
    }

    func run(_ words: [String], environment more: [String: String] = [:]) async throws -> CommandOutput {
        try await Command(Self.path, words, environment: environment.merging(more) { $1 }).output(limit: .seconds(120))
    }

    /// Gives a closure a command line, and removes what it has left.
    static func with(
        _ backend: BackendUnderTest?, _ body: (CommandLine) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let commandLine = CommandLine(folder: folder, backend: backend)
            do { try await body(commandLine) } catch {
                for cluster in commandLine.workspaces.compactMap({ ClusterID(folderName: $0) }) {
                    _ = try await commandLine.run("down", "\(cluster)")
                }
                throw error
            }
        }
    }

    /// The folders of its clusters.
    var workspaces: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix("cf-") }
    }

    /// What is there of its clusters: folders, processes, and what the backend has.
    func left() async throws -> [String] {
        let listed = await ClusterCatalog.all(includingRemains: true).filter { $0.summary.folder.hasPrefix(folder) }
        return try workspaces + ProcessTable.commandLines(containing: folder) + listed.map(\.summary.name)
    }
}

import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What the reaper and a person ask an engine to remove, seen by a program in the engine's place.
@Suite(.timeLimit(.minutes(1))) struct DockerReapingTests {
    /// It lists one container, until that is removed, one network and one image, and writes down what changes something. Where the
    /// engine is named, the commands name it first.
    private static let engine = """
        #!/bin/sh
        folder=${0%/*}
        [ "$1" != --host ] || shift 2
        case "$1 $2" in
            'ps --all') [ -e "$folder/removed" ] || echo c1 ;;
            'network ls') echo n1 ;;
            'image ls') echo i1 ;;
            *) echo "$*" >>"$folder/asked" ;;
        esac
        [ "$1" != rm ] || touch "$folder/removed"
        """

    private func withEngine(_ body: (DockerBackend, _ folder: String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            try Workspace.write(Self.engine, to: folder + "/engine", mode: 0o700)
            try await body(DockerBackend(DockerEngine(command: folder + "/engine")), folder)
        }
    }

    private func asked(in folder: String) throws -> [String] {
        try String(contentsOfFile: folder + "/asked", encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test func theReaperRemovesWhatIsTheClustersAndLooksAgain() async throws {
        try await withEngine { backend, folder in
            let workspace = Workspace(folder: folder + "/cf-0123456789")
            let cluster = try #require(workspace.cluster)
            let reaper = try await Reaper.start(workspace, script: backend.reaping(cluster))
            reaper.release()
            await reaper.ended()
            let asked = try asked(in: folder)
            let again = Array(repeating: ["network rm n1", "image rm i1"], count: 6)
            #expect(asked == ["rm -fv c1"] + again.flatMap(\.self))
        }
    }

    @Test(arguments: [false, true])
    func whatAPersonTypesRemovesANetworkWithoutContainersToo(containersAreGone: Bool) async throws {
        try await withEngine { backend, folder in
            let workspace = Workspace(folder: "/tmp/cf-0123456789")
            let id = try #require(workspace.cluster)
            let summary = ClusterSummary(
                id: id, name: "unknown", backend: backend.name, owner: nil, workspace: workspace)
            let cluster = DockerCluster(engine: backend.engine, summary: summary)
            if containersAreGone { try Workspace.write("", to: folder + "/removed") }
            let typed = try await Command("sh", ["-c", cluster.removalCommand]).output()
            #expect(typed.succeeded, "\(typed.complaint)")
            #expect(try asked(in: folder) == (containersAreGone ? [] : ["rm -fv c1"]) + ["network rm n1"])
        }
    }
}

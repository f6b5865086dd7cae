import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// What programs in any language get of a failure, by `cluster-fixture run --logs` and `cluster-fixture evidence`.
@Suite(.requiresBackend, .timeLimit(.minutes(5))) struct CommandLineEvidenceTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func whatACommandBreaksOnTheWayIsOnThePage(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let (name, logs) = ("evidence-\(Int.random(in: 100_000..<999_999))", command.folder + "/logs")
            let script = """
                set -e
                "$0" fault "$CLUSTER_NAME/node1" ssh refuse-logins
                "$0" pause "$CLUSTER_NAME/node2"
                "$0" fault "$CLUSTER_NAME/node1" ssh heal
                "$0" fault "$CLUSTER_NAME/node1" names slow 2s
                "$0" resume "$CLUSTER_NAME/node2"
                "$0" kill "$CLUSTER_NAME/node2"
                exit 3
                """
            let run = try await command.run(
                "run", "--nodes", "2", "--name", name, "--logs", logs, "--", "sh", "-c", script, CommandLine.path)
            #expect(run.exitCode == 3, "\(run.standardError)")
            let told = TimelineEntry.all(try OwnFolder(logs, for: .anyone).read("timeline.jsonl"))
            let spans = told.filter { ["fault", "down", "frozen"].contains($0.kind) }
            #expect(spans.map(\.kind) == ["fault", "frozen", "fault", "down"])
            #expect(spans.map { $0.nodes?.first } == ["node1", "node2", "node1", "node2"])
            #expect(spans.map { $0.until == nil } == [false, false, true, true])
            #expect(spans.first?.text?.hasPrefix("ssh ") == true)
            #expect(told.last { $0.kind == "issue" }?.text?.hasSuffix("ended with exit code 3.") == true)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aClusterThatIsUpGivesEvidenceAtAnyTime(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = "evidence-\(Int.random(in: 100_000..<999_999))"
            #expect(try await command.run("up", "--name", name, "--password-logins").succeeded)
            let password = try #require(
                try await ClusterCatalog.find(name).inventory?.nodes.first?.users.compactMap(\.password).first)
            let state = ["XDG_STATE_HOME": command.folder + "/state"]
            var folders: [String] = []
            for _ in 0..<2 {
                let run = try await command.run(
                    "evidence", name, "--work", "pytest",
                    environment: state.merging(["CLUSTER_FIXTURE_LOGS": ""]) { $1 })
                #expect(run.succeeded, "\(run.standardError)")
                folders += run.lines
            }
            #expect(Set(folders).count == 2)
            for folder in folders {
                #expect(folder.hasPrefix(command.folder + "/state/"))
                let saved = try OwnFolder(folder)
                #expect(
                    try saved.names() == ["junit.xml", "node1.log", "node1.txt", "timeline.html", "timeline.jsonl"])
                for file in try saved.names() {
                    let text = String(decoding: try saved.read(file), as: UTF8.self)
                    #expect(!text.contains(password), "\(file)")
                }
                #expect(String(decoding: try saved.read("timeline.jsonl"), as: UTF8.self).contains("\"kind\":\"kept\""))
            }
            #expect(try await command.run("down", name).succeeded)
        }
    }
}

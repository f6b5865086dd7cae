import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// Leftovers of dead owners, whose reapers died as well.
@Suite(.requiresDocker, .timeLimit(.minutes(5)))
struct DockerSweepTests {
    @Test func aDeadOwnersNetworkIsFoundWithItsOwner() async throws {
        let backend = DockerBackend(DockerEngine())
        let id = (0..<10).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
        let workspace = Workspace(cluster: id)
        try workspace.create()
        let dead = ProcessIdentity(
            machine: ProcessIdentity.current.machine, processID: ProcessIdentity.current.processID, started: "1")
        let labels = [
            "--label", "\(DockerArguments.clusterLabel)=\(id)", "--label", "\(DockerArguments.nameLabel)=abandoned",
            "--label", "\(DockerArguments.ownerLabel)=\(dead.text)", "--label",
            "\(DockerArguments.folderLabel)=\(workspace.folder)",
        ]
        try await backend.engine.change(
            ["network", "create", "--subnet", Subnet.random(nodes: 1).description] + labels + [
                DockerArguments.network(id)
            ],
            else: "no network")
        let there = try await backend.clusters()
        let found = try #require(there.first { $0.id == id })
        #expect(found.name == "abandoned")
        #expect(Leftovers.isAbandoned(found))
        await Leftovers.sweep(backend)
        let left = try await backend.clusters().map(\.id)
        #expect(!left.contains(id))
        #expect(!FileManager.default.fileExists(atPath: workspace.folder))
    }
}

import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// Leftovers of dead owners, whose reapers died as well.
@Suite(.requiresDocker, .timeLimit(.minutes(5)))
struct DockerSweepTests {
    @Test func clustersAreFoundWithTheirOwners() async throws {
        try await withCluster(backend: .docker) { cluster in
            let found = try #require(
                try await DockerBackend(DockerEngine()).clusters(includingRemains: true).first {
                    $0.summary.id == cluster.clusterID
                }?.summary)
            #expect(found.name == cluster.name)
            #expect(found.owner == .current)
            #expect(cluster.sshConfigurationFile == found.folder + "/ssh_config")
        }
    }

    /// Podman is asked about each, since its lists word labels in their own way.
    @Test func whatIsAskedAboutEachIsTheSameAsTheList() async throws {
        let engine = DockerEngine()
        try await withCluster(nodes: 2, backend: .docker) { cluster in
            for (kind, count) in [(DockerRecord.Kind.containers, 2), (.networks, 1)] {
                func records(_ words: [String]) async throws -> Set<DockerRecord> {
                    Set(try await engine.ask(words).lines.compactMap { DockerRecord(kind, json: $0) })
                }
                let listed = try await records(kind.list(cluster.clusterID))
                let ids = try await engine.ask(kind.listIDs(cluster.clusterID)).lines
                #expect(try await records(kind.inspect(ids)) == listed)
                #expect(listed.count == count)
            }
        }
    }

    @Test func whatADeadOwnerLeftIsRemovedWithItsFolder() async throws {
        let backend = DockerBackend(DockerEngine())
        let id = ClusterID.random()
        let workspace = Workspace(cluster: id)
        let dead = ProcessIdentity(
            machine: ProcessIdentity.current.machine, processID: ProcessIdentity.current.processID, started: "1")
        try workspace.create(for: backend.name, owner: dead)
        let labels: [DockerLabel: String] = [
            .cluster: "\(id)", .name: "abandoned", .owner: dead.text, .user: "\(geteuid())",
        ]
        // As a cluster's own network, it tries others if somebody has the addresses.
        let isMade = try await eventually {
            let words = ["network", "create", "--subnet", Subnet.random(nodes: 1).description]
            return try await backend.engine.ask(
                words + labels.flatMap { ["--label", "\($0)=\($1)"] } + [DockerArguments.network(id)]
            ).succeeded
        }
        try #require(isMade)
        // Another process that starts a cluster at this moment may be quicker, and sweep it for us.
        await Leftovers.sweep(backend)
        let left = try await backend.clusters(includingRemains: true).map(\.summary.id)
        #expect(!left.contains(id))
        #expect(!FileManager.default.fileExists(atPath: workspace.folder))
    }
}

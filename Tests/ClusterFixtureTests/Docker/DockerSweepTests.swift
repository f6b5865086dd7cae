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

    /// Podman 5 answers the question for the list, and words mounts in its own way.
    @Test func aListThatCantBeReadIsNotTakenForAnEmptyOne() async throws {
        try await withTemporaryFolder { folder in
            let script = #"""
                #!/bin/sh
                [ "$1" = ps ] || exec docker "$@"
                docker "$@" | sed 's/"mounts":\[\([^]]*\)\]/"mounts":[[\1]]/'
                """#
            try Workspace.write(script, to: folder + "/podman", mode: 0o700)
            try await withCluster(nodes: 2, backend: .docker) { cluster in
                let found = try await DockerEngine(command: folder + "/podman").records(
                    .containers, of: cluster.clusterID)
                #expect(found.map(\.node).sorted() == ["node1", "node2"])
            }
        }
    }

    /// Who is not told which nodes run would shape the network of none.
    @Test func aFaultIsNotTakenForDoneWhereTheEngineDoesNotAnswer() async throws {
        try await withTemporaryFolder { folder in
            let script = """
                #!/bin/sh
                case $1 in inspect) echo 'error during connect: EOF' >&2; exit 1 ;; *) exec docker "$@" ;; esac
                """
            try Workspace.write(script, to: folder + "/docker", mode: 0o700)
            try await withCluster(nodes: 2, backend: .docker) { cluster in
                let found = try await ClusterCatalog.find(cluster.name)
                let unsure = DockerCluster(engine: DockerEngine(command: folder + "/docker"), summary: found.summary)
                let error = try await #require(throws: ClusterError.self) { try await unsure.apply(.healthy) }
                #expect(error.message.contains("did not say which nodes"), "\(error)")
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

#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Subprocess
import Testing

/// A test process that is killed leaves nothing of its cluster's services either.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(10)))
struct ServicesDeathTests {
    /// What there was when the process was killed.
    private struct Scene: Sendable {
        let cluster: FoundCluster
        let engine: EngineTraces?
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aKilledProcessLeavesNothingOfItsServices(backend: BackendUnderTest) async throws {
        try await ClusterConfiguration.victim("prepared", services: true, backend: backend.choice).prepareImages()
        try await withTemporaryFolder { folder in
            let name = "served-" + String(Int.random(in: 100_000..<999_999))
            let found = try await killVictim(name, on: backend, temporaryFolder: folder)
            let scene = try #require(found, "the victim did not get ready")
            // An engine that is busy with other tests' images takes its time to answer.
            _ = try await eventually { try await remains(name, folder, scene).isEmpty }
            let left = try await remains(name, folder, scene)
            #expect(left == [])
            let clusters = try await backend.choice.resolve().clusters(includingRemains: true)
            #expect(!clusters.contains { $0.summary.name == name })
        }
    }

    private func remains(_ name: String, _ folder: String, _ scene: Scene) async throws -> [String] {
        try await Traces(name: name, folder: folder, clusters: [scene.cluster]).left + (scene.engine?.left() ?? [])
    }

    /// Kills a process whose cluster is ready, which is when a job has run, and says what there was of it; nil if it did not get
    /// ready.
    private func killVictim(
        _ name: String, on backend: BackendUnderTest, temporaryFolder: String
    ) async throws -> Scene? {
        var options = PlatformOptions()
        options.createSession = true
        return try await Subprocess.run(
            .name("env"), arguments: [VictimProgram.path, name, "services"],
            environment: .inherit.updating(["TMPDIR": temporaryFolder, "CLUSTER_FIXTURE_BACKEND": backend.rawValue]),
            platformOptions: options, input: .inputWriter, output: .sequence, error: .discarded
        ) { execution in
            for try await line in execution.standardOutput.strings() where line == "ready" {
                let cluster = try #require(try FoundCluster.all(in: temporaryFolder).first)
                let engine = backend == .docker ? try await EngineTraces(of: cluster.id) : nil
                try expectAll(of: cluster, engine, name, temporaryFolder)
                try execution.send(signal: .kill)
                return Scene(cluster: cluster, engine: engine)
            }
            return nil
        }.closureResult
    }

    /// Who does not see what is there would not see what is left either.
    private func expectAll(
        of cluster: FoundCluster, _ engine: EngineTraces?, _ name: String, _ folder: String
    ) throws {
        let there = try Traces(name: name, folder: folder, clusters: [cluster]).left
        #expect(there.contains { $0.hasPrefix("folder ") } && there.contains { $0.hasPrefix("process ") })
        if let engine {
            // Three containers, their network, and two volumes.
            #expect(engine.found.filter { !$0.hasPrefix("/") }.count == 6)
        } else if geteuid() == 0 {
            // An ordinary user's are in namespaces where nobody looks in, and end with the processes.
            for kind in ["mounts", "/sys/class/net/", "cluster-fixture-"] {
                #expect(there.contains { $0.hasPrefix(kind) }, "there is no \(kind)")
            }
        }
    }
}
#endif

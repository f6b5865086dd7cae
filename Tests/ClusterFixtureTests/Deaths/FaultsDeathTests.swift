#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Subprocess
import Testing

/// A test process that is killed in the middle of a fault leaves nothing of it either.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(10)))
struct FaultsDeathTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func aProcessKilledInTheMiddleOfAFaultLeavesNothing(backend: BackendUnderTest) async throws {
        try await withTemporaryFolder { folder in
            let name = "faulty-" + String(Int.random(in: 100_000..<999_999))
            let found = try await killVictim(name, on: backend, temporaryFolder: folder)
            let (cluster, engine) = try #require(found, "the victim did not get ready")
            let remains: @Sendable () async throws -> [String] = {
                try await Traces(name: name, folder: folder, clusters: [cluster]).left + (engine?.left() ?? [])
            }
            // An engine that is busy with other tests' images takes its time to answer.
            _ = try await eventually { try await remains().isEmpty }
            let left = try await remains()
            #expect(left == [])
            let clusters = try await backend.choice.resolve().clusters(includingRemains: true)
            #expect(!clusters.contains { $0.summary.name == name })
        }
    }

    /// Kills a process whose cluster has a bad network, and says what there was of it; nil if it did not get ready.
    private func killVictim(
        _ name: String, on backend: BackendUnderTest, temporaryFolder: String
    ) async throws -> (FoundCluster, EngineTraces?)? {
        var options = PlatformOptions()
        options.createSession = true
        return try await Subprocess.run(
            .name("env"), arguments: [VictimProgram.path, name, "faults"],
            environment: .inherit.updating(["TMPDIR": temporaryFolder, "CLUSTER_FIXTURE_BACKEND": backend.rawValue]),
            platformOptions: options, input: .inputWriter, output: .sequence, error: .discarded
        ) { execution in
            for try await line in execution.standardOutput.strings() where line == "ready" {
                let cluster = try #require(try FoundCluster.all(in: temporaryFolder).first)
                let engine = backend == .docker ? try await EngineTraces(of: cluster.id) : nil
                // Three nodes, and what is beside each; their network, and its bridge where that is this machine's.
                if let engine { #expect(engine.found.filter { !$0.hasPrefix("/") }.count == 7) }
                if backend != .docker { #expect(try wires(of: cluster) == 1) }
                try execution.send(signal: .kill)
                return (cluster, engine)
            }
            return nil
        }.closureResult
    }

    /// Processes that carry frames, and see the cluster's mounts.
    private func wires(of cluster: FoundCluster) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int($0) }.filter { process in
            let name = FileManager.default.contents(atPath: "/proc/\(process)/comm") ?? Data()
            let mounts = FileManager.default.contents(atPath: "/proc/\(process)/mountinfo") ?? Data()
            return name == Data("cf-wire\n".utf8) && mounts.range(of: Data("cf-\(cluster.id)".utf8)) != nil
        }.count
    }
}
#endif

#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Subprocess
import Testing

/// A test process and the process that would clean up after it, killed together: the next start does it.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(5)))
struct ReaperDeathTests {
    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func theNextStartRemovesWhatBothLeft(backend: BackendUnderTest) async throws {
        try await withTemporaryFolder { folder in
            let name = "orphan-" + String(Int.random(in: 100_000..<999_999))
            let environment = backend.environment.merging(["TMPDIR": folder]) { $1 }
            try await killWithItsReaper(name, environment, in: folder)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("cf-") }
            let id = try #require(left.first.flatMap { ClusterID(folderName: $0) })
            let keys = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(id.folderName)/keys")
            #expect(keys.contains("root"), "the kill is not what it is meant to be")

            let next = try await Command(VictimProgram.path, ["next-" + name, "1"], environment: environment)
                .output(limit: .seconds(120))
            #expect(next.exitCode == 0, "\(next.standardError)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
            for place in ["/sys/fs/cgroup", "/sys/fs/cgroup/memory"] {
                let groups = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
                #expect(!groups.contains { $0.contains("\(id)") })
            }
            let clusters = try await backend.choice.resolve().clusters(includingRemains: true)
            #expect(!clusters.contains { $0.summary.name == name })
            #expect(try await backend.leases(of: name) == [])
        }
    }

    private func killWithItsReaper(_ name: String, _ environment: [String: String], in folder: String) async throws {
        var options = PlatformOptions()
        options.createSession = true
        let variables = environment.map { (Environment.Key(stringLiteral: $0), $1) }
        _ = try await Subprocess.run(
            .name("env"), arguments: [VictimProgram.path, name],
            environment: .inherit.updating(Dictionary(uniqueKeysWithValues: variables)), platformOptions: options,
            input: .inputWriter, output: .sequence, error: .discarded
        ) { execution in
            for try await line in execution.standardOutput.strings() where line == "ready" {
                let reapers = try ProcessTable.processes(containing: "cluster-fixture-reaper \(folder)/")
                #expect(reapers.count == 1)
                for reaper in reapers { kill(reaper.id, SIGKILL) }
                try execution.send(signal: .kill)
                return
            }
        }
    }
}
#endif

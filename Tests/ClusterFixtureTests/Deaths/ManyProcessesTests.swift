import ClusterEmulation
import FixtureTestSupport
import Testing

/// Test processes that run at the same time don't get into each other's way.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(5)))
struct ManyProcessesTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func processesThatMakeClustersAtTheSameTimeDoNotCollide(backend: BackendUnderTest) async throws {
        try await withTemporaryFolder { folder in
            // An engine takes a second for what the kernel does in a tenth of it, and other tests run at the same time.
            let (processes, clusters) = backend == .docker ? (3, 1) : (8, 10)
            let environment = ["TMPDIR": folder, "CLUSTER_FIXTURE_BACKEND": backend.rawValue]
            let outputs = try await withThrowingTaskGroup(of: CommandOutput.self) { group in
                for number in 0..<processes {
                    group.addTask {
                        try await Command(
                            VictimProgram.path, ["crowd-\(number)", "\(clusters)"], environment: environment
                        )
                        .output(limit: .seconds(240))
                    }
                }
                return try await group.reduce(into: [CommandOutput]()) { $0.append($1) }
            }
            for output in outputs {
                #expect(output.exitCode == 0, "\(output.standardError)")
                #expect(output.lines.filter { $0 == "made and removed one" }.count == clusters)
            }
        }
    }
}

import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Limits that Slurm counts in minutes, of which the other tests need not wait for the end.
@Suite(.requiresBackend, .timeLimit(.minutes(5))) struct SlurmTimeTests {
    /// A minute is the least for a job, and Slurm looks twice in a minute. Nodes that don't answer are given up within a minute.
    @Test func timeIsUpForAJobAndForANode() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for backend in try await BackendUnderTest.usable() {
                group.addTask {
                    try await SlurmTests.withSlurm(backend) { cluster in
                        let slurm = try cluster.slurm
                        let job = try await slurm.submit(
                            script: "sleep 1000", options: ["--time=1", "--nodelist=compute1"])
                        let lost = try await slurm.submit(script: "sleep 1000", options: ["--nodelist=compute3"])
                        try #require(try await eventually { try await slurm.state(of: lost) == .running })
                        try await cluster["compute3"].kill()
                        let ended = try await slurm.wait(for: job, within: .seconds(200))
                        #expect(ended.state == .timeout && ended.reason == "TimeLimit", "\(ended)")
                        #expect(try await slurm.output(of: job).contains("DUE TO TIME LIMIT"))
                        // What ran there is queued again.
                        #expect(try await eventually { try await slurm.nodeStates()["compute3"] == "down*" })
                        #expect(try await eventually { try await slurm.state(of: lost) == .pending })
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

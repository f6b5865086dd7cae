import ClusterFixture
import FixtureTestSupport
import Foundation
import Testing

/// Tests under faults by chance, as users write them, and what is told of one that fails.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(10)))
struct UnderFaultsTests {
    private static let mix = FaultMix(
        kinds: [.pause, .kill, .ssh, .names], count: 2, window: .milliseconds(600),
        length: .milliseconds(50) ... .milliseconds(200), spared: ["node1"])

    @Test(ClusterFixture(nodes: 2), .underFaults(seeds: 1...4, mix: mix)) func eachSeedHasARunOfItsOwn() async throws {
        let schedule = try #require(FaultSchedule.current)
        Self.seen.withLock { $0.append(schedule) }
        let expected = Self.seen.withLock { $0.count }
        #expect(schedule == FaultSchedule(seed: UInt64(expected), on: try Cluster.current, mix: Self.mix))
        // node1 is spared.
        #expect(try await Cluster.current[0].run("hostname").standardOutput == "node1\n")
        try await Task.sleep(for: .milliseconds(700))
    }

    private static let seen = Locked<[FaultSchedule]>([])

    private static let replayed = FaultSchedule(.init(.killed("node2"), at: .zero, for: .seconds(3600)))

    @Test(ClusterFixture(nodes: 2), .underFaults(replaying: replayed)) func aScheduleIsReplayed() async throws {
        let cluster = try Cluster.current
        let isOff = try await eventually { try await cluster.handle.states()["node2"] != .running }
        #expect(isOff)
    }

    private struct Oops: Error {}

    @Test(arguments: try await BackendUnderTest.usable())
    func faultsBeginAndEndBesideTheBody(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            let schedule = FaultSchedule(
                .init(.killed("node2"), at: .milliseconds(100), for: .milliseconds(300)),
                .init(.ssh(.loginsRefused, on: "node1"), at: .zero, for: .seconds(3600)),
                .init(.paused("node1"), at: .seconds(3600), for: .seconds(1)))
            await #expect(throws: Oops.self) {
                try await cluster.underFaults(schedule) {
                    let isOff = try await eventually { try await cluster.handle.states()["node2"] != .running }
                    let isOn = try await eventually { try await cluster.handle.states()["node2"] == .running }
                    let refuses = try await eventually {
                        let words = ["grep", "-r", "DenyUsers", "/etc/ssh/sshd_config.d"]
                        return try await cluster.handle.execute(words, on: "node1").exitCode == 0
                    }
                    #expect(isOff && isOn && refuses)
                    throw Oops()
                }
            }
            // What was in force is healed, and the last never began.
            let output = try await cluster[1].run("ssh node1 hostname").standardOutput
            #expect(output == "node1\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func whatCantBeBrokenFailsTheRun(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 1, backend: backend.choice) { cluster in
            let unknown = FaultSchedule(.init(.paused("node7"), at: .zero, for: .seconds(1)))
            let error = try await #require(throws: ClusterError.self) {
                try await cluster.underFaults(unknown) { Issue.record("the body ran") }
            }
            #expect(error.code == .noCluster)
            // While it is off, its sshd can't be broken.
            let off = FaultSchedule(.init(.ssh(.loginsRefused, on: "node1"), at: .zero, for: .zero))
            try await cluster[0].stopped {
                let error = try await #require(throws: ClusterError.self) {
                    try await cluster.underFaults(off) { try await Task.sleep(for: .seconds(1)) }
                }
                #expect(error.message.contains("has ended"), "\(error)")
            }
        }
    }

    /// A store that loses its word when its node is cut off from power, and under no other fault.
    @Test func aFailureIsToldWithItsSeedAndTheShortestSchedule() async throws {
        let told = Locked<[String]>([])
        let watching: IssueHandlingTrait = .compactMapIssues { issue in
            told.withLock { $0.append(issue.comments.map(\.rawValue).joined()) }
            return nil
        }
        let mix = FaultMix(
            kinds: [.pause, .kill, .ssh], count: 4, window: .seconds(2),
            length: .milliseconds(100) ... .milliseconds(300))
        let test = try #require(Test.current)
        // To the fixture the test has passed: no logs are saved.
        try await ClusterFixture(nodes: 2).provideScope(for: test, testCase: nil) {
            try await watching.provideScope(for: test, testCase: Test.Case.current) {
                try await UnderFaults.underFaults(seeds: 1...50, mix: mix, shrinkingRuns: 12).provideScope(
                    for: test, testCase: Test.Case.current
                ) {
                    let node = try Cluster.current[1]
                    try await node.keepWord()
                }
            }
        }
        let text = told.withLock { $0 }
        #expect(text.contains { $0.contains("the word is lost") }, "\(text)")
        let report = try #require(text.first { $0.contains("shortest schedule") }, "\(text)")
        #expect(report.contains("Failed under the faults of seed "))
        let line = try #require(report.split(separator: "\n").first { $0.hasPrefix(".underFaults(replaying: ") })
        #expect(
            line.contains(#".init(.killed("node2"), at: "#) && !line.contains("paused") && !line.contains("ssh"),
            "\(line)")
        #expect(line.components(separatedBy: ".init(").count == 2, "\(line)")
    }
}

extension Node {
    /// Writes a word to memory, and reads it again when three seconds have passed. A lost connection is not a loss of the word.
    fileprivate func keepWord() async throws {
        _ = try await handle("echo word > /dev/shm/word")
        try await Task.sleep(for: .milliseconds(2600))
        let kept = try await handle("cat /dev/shm/word")
        #expect(kept == "word\n", "the word is lost")
    }

    private func handle(_ line: String) async throws -> String {
        let cluster = try Cluster.current.handle
        let name = name
        while true {
            do {
                let output = try await cluster.execute(["sh", "-c", line + "; echo end"], on: name).standardOutput
                // Else it was frozen in the moment in which it was asked.
                if output.hasSuffix("end\n") { return String(output.dropLast(4)) }
            } catch let error as ClusterError where error.code == .connectionLost {
                // It is off or frozen, and will not be for long.
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}

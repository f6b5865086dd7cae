import ClusterEmulation
import FixtureTestSupport
import Foundation
import Subprocess
import Testing

/// A test process that is killed leaves nothing behind, whatever it was doing.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(5)))
struct DeathTests {
    enum Moment: Sendable, CustomTestStringConvertible {
        /// So many milliseconds after it began to start a cluster.
        case booting(milliseconds: Int)
        case ready
        case stopping(milliseconds: Int)

        var testDescription: String { "\(self)" }
    }

    static let moments: [Moment] = [
        .booting(milliseconds: 5), .booting(milliseconds: 60), .booting(milliseconds: 200), .booting(milliseconds: 500),
        .booting(milliseconds: 900), .ready, .stopping(milliseconds: 5), .stopping(milliseconds: 150),
        .stopping(milliseconds: 350),
    ]

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), moments)
    func aKilledProcessLeavesNothing(backend: BackendUnderTest, moment: Moment) async throws {
        try await expectNothingLeft(of: backend, after: moment, signal: .kill)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func anInterruptedProcessLeavesNothing(backend: BackendUnderTest) async throws {
        try await expectNothingLeft(of: backend, after: .ready, signal: .interrupt)
    }

    /// It has a copy of everything by which others see that its parent is alive.
    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func aChildThatOutlivesAKilledProcessKeepsNothingAlive(backend: BackendUnderTest) async throws {
        let child = Locked<Int32>(0)
        defer { if child.withLock({ $0 }) > 0 { kill(child.withLock { $0 }, SIGKILL) } }
        try await expectNothingLeft(of: backend, after: .ready, signal: .kill, forking: child)
        #expect(kill(child.withLock { $0 }, 0) == 0)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func aChildOfThisProcessDoesNotHoldUpTheEnd(backend: BackendUnderTest) async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(backend: backend.choice))
        let child = ForkedChild.start()
        try #require(child > 0)
        defer { ForkedChild.end(child) }
        let limit = Task {
            try await Task.sleep(for: .seconds(60))
            ForkedChild.end(child)
            Issue.record("stopping waited for the child")
        }
        try await cluster.stop()
        limit.cancel()
        let found = try await backend.choice.resolve().clusters(includingRemains: true).map(\.summary.id)
        #expect(!found.map { "\($0)" }.contains("\(cluster.id)"))
    }

    private func expectNothingLeft(
        of tested: BackendUnderTest, after moment: Moment, signal: Signal, forking child: Locked<Int32>? = nil
    ) async throws {
        try await withTemporaryFolder { folder in
            let name = "victim-" + String(Int.random(in: 100_000..<999_999))
            try await killVictim(name, on: tested, temporaryFolder: folder, at: moment, by: signal, child)
            let backend = try await tested.choice.resolve()
            // Everything of the victim's: what is on the engine, its folder, and what has the folder on a command line.
            let leftovers: @Sendable () async throws -> [String] = {
                try await backend.clusters(includingRemains: true).map(\.summary.name).filter { $0 == name }
                    + FileManager.default.contentsOfDirectory(atPath: folder)
                    + ProcessTable.commandLines(containing: folder) + tested.leases(of: name)
            }
            // An engine that is busy with other tests' images takes its time to answer.
            _ = try await eventually { try await leftovers().isEmpty }
            let left = try await leftovers()
            #expect(left == [])
        }
    }

    private func killVictim(
        _ name: String, on backend: BackendUnderTest, temporaryFolder: String, at moment: Moment, by signal: Signal,
        _ child: Locked<Int32>?
    ) async throws {
        var options = PlatformOptions()
        options.createSession = true
        let wasKilled = try await Subprocess.run(
            .name("env"), arguments: Arguments([VictimProgram.path, name] + (child == nil ? [] : ["fork"])),
            environment: .inherit.updating(
                Dictionary(
                    uniqueKeysWithValues: backend.environment.merging(["TMPDIR": temporaryFolder]) { $1 }.map {
                        (Environment.Key(stringLiteral: $0), $1)
                    })),
            platformOptions: options, input: .inputWriter, output: .sequence, error: .discarded
        ) { execution in
            for try await line in execution.standardOutput.strings() {
                if line.hasPrefix("child ") { child?.withLock { $0 = Int32(line.dropFirst(6)) ?? 0 } }
                switch (line, moment) {
                case ("booting", .booting(let milliseconds)): try await Task.sleep(for: .milliseconds(milliseconds))
                case ("ready", .ready): break
                case ("ready", .stopping):
                    try await execution.standardInputWriter.finish()
                    continue
                case ("stopping", .stopping(let milliseconds)): try await Task.sleep(for: .milliseconds(milliseconds))
                default: continue
                }
                try execution.send(signal: signal)
                return true
            }
            return false
        }.closureResult
        // A victim that failed to start would leave nothing either.
        try #require(wasKilled, "the victim ended before its moment came")
    }
}

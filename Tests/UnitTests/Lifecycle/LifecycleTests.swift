import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What happens when starting goes wrong, with a backend that provokes it. Nothing may be left in any case.
@Suite(.timeLimit(.minutes(10))) struct LifecycleTests {
    private func start(_ backend: FakeBackend, nodes: Int = 1, readyWithin: Duration = .seconds(60)) async throws
        -> Cluster
    {
        try await Cluster.start(
            ClusterConfiguration(nodes: nodes, backend: backend.choice, readyWithin: readyWithin))
    }

    /// One destroy for one provision; no folder, and no process that has the folder on its command line.
    private func expectNothingLeft(of backend: FakeBackend) throws {
        #expect(backend.seen.destroyed.count == 1)
        for folder in backend.seen.folders {
            #expect(!FileManager.default.fileExists(atPath: folder))
            #expect(try ProcessTable.commandLines(containing: folder).isEmpty)
        }
    }

    @Test func aFailedProvisionIsTakenBack() async throws {
        let backend = FakeBackend(.fail("node2 could not be started: no more room"))
        let error = try await #require(throws: ClusterError.self) { try await start(backend) }
        #expect(error.message == "node2 could not be started: no more room")
        try expectNothingLeft(of: backend)
    }

    @Test func aCancelledProvisionIsTakenBack() async throws {
        let backend = FakeBackend(.hang)
        let task = Task { try await start(backend) }
        await backend.provisionBegan()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try expectNothingLeft(of: backend)
    }

    @Test func aNodeThatAcceptsButNeverSpeaksIsNamedWithItsStage() async throws {
        let silent = try Listener(.keepSilent)
        defer { withExtendedLifetime(silent) {} }
        let backend = FakeBackend(.give([.listening(at: silent.port)]))
        let error = try await #require(throws: ClusterError.self) {
            try await start(backend, readyWithin: .milliseconds(300))
        }
        #expect(error.code == .notReady)
        #expect(error.node == "node1")
        #expect(error.message.contains("node1"))
        #expect(error.message.contains("within 0.3 s, stage banner: it accepts connections but sends no banner"))
        #expect(error.log == "first line\nlast line")
        try expectNothingLeft(of: backend)
    }

    @Test func aNodeThatIsNotThereFailsAtTCP() async throws {
        let port = try Listener(.hangUp).port
        let backend = FakeBackend(.give([.listening(at: port)]))
        let error = try await #require(throws: ClusterError.self) {
            try await start(backend, readyWithin: .milliseconds(300))
        }
        #expect(error.message.contains("stage TCP: Connection refused"))
        try expectNothingLeft(of: backend)
    }

    @Test func aNodeThatEndsIsNotWaitedFor() async throws {
        let silent = try Listener(.keepSilent)
        defer { withExtendedLifetime(silent) {} }
        let backend = FakeBackend(
            .give([.listening(at: silent.port)]),
            states: ["node1": .exited(code: 78)])
        let error = try await #require(throws: ClusterError.self) { try await start(backend) }
        #expect(error.message.contains("stage container: it ended with exit code 78"))
        try expectNothingLeft(of: backend)
    }

    @Test func whatCanNotBeTakenBackIsLeftToTheReaper() async throws {
        try await withTemporaryFolder { folder in
            let mark = folder + "/reaped"
            let backend = FakeBackend(
                .fail("no"), destroyFailure: "the engine is gone",
                reaping: ReapingScript("touch \"$1\"", arguments: [mark]))
            let error = try await #require(throws: ClusterError.self) { try await start(backend) }
            #expect(error.message == "no")
            #expect(try await eventually { FileManager.default.fileExists(atPath: mark) })
            #expect(
                try await eventually { !backend.seen.folders.contains(where: FileManager.default.fileExists(atPath:)) })
        }
    }
}

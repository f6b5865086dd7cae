import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterFixture

/// Clusters that a test process keeps ready for its tests.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct PrewarmedTests {
    private func withPool(
        _ backend: BackendUnderTest, size: Int, _ body: (ClusterPool) async throws -> Void
    ) async throws {
        let pool = ClusterPool(size: size) {
            try await Cluster.start(ClusterConfiguration(nodes: 1, backend: backend.choice))
        }
        do { try await body(pool) } catch {
            await pool.close()
            throw error
        }
        await pool.close()
        #expect(await pool.count == (0, 0))
        await #expect(throws: ClusterError.self) { try await pool.lease() }
    }

    private func clusters(of backend: BackendUnderTest, _ ids: [String]) async throws -> [String] {
        try await backend.choice.resolve().clusters(includingRemains: true).map { "\($0.summary.id)" }
            .filter(ids.contains)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func theNextFixtureHasAClusterThatWasReadyBefore(_ backend: BackendUnderTest) async throws {
        let name = "ahead-\(Int.random(in: 100_000..<999_999))"
        func fixture() -> ClusterFixture {
            ClusterFixture(nodes: 1, backend: backend.choice, name: name, prewarmed: 1)
        }
        let (first, second) = (fixture(), fixture())
        let pool = Prewarmed(configuration: first.configuration, count: 1).pool
        let used = try await first.setUp()
        #expect(try await eventually { await pool.count == (1, 0) })
        let ready = try await backend.choice.resolve().clusters(includingRemains: false)
            .filter { $0.summary.name == name && "\($0.summary.id)" != used.id }
        let another = try await second.setUp()
        #expect(ready.map { "\($0.summary.id)" } == [another.id])
        #expect(try await another[0].run("hostname").standardOutput == "node1\n")
        try await first.tearDown()
        try await second.tearDown()
        await pool.close()
        #expect(try await clusters(of: backend, [used.id, another.id]) == [])
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func manyAtOnceHaveOneEach(_ backend: BackendUnderTest) async throws {
        try await withPool(backend, size: 1) { pool in
            let leased = try await withThrowingTaskGroup(of: Cluster.self) { group in
                for _ in 0..<4 { group.addTask { try await pool.lease() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(leased.map(\.id)).count == 4)
            for cluster in leased {
                #expect(try await cluster[0].run("true").exitCode == 0)
                try await cluster.stop()
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aClusterThatHasEndedMeanwhileIsNotHandedOver(_ backend: BackendUnderTest) async throws {
        try await withPool(backend, size: 1) { pool in
            try await pool.warmUp()
            let ended = try await pool.lease()
            try await ended[0].kill()
            #expect(try await eventually { await pool.count == (1, 0) })
            await pool.giveBack(ended)
            let cluster = try await pool.lease()
            #expect(cluster.id != ended.id)
            #expect(try await cluster[0].run("hostname").standardOutput == "node1\n")
            try await cluster.stop()
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func whoGivesUpWaitingTakesNothingAway(_ backend: BackendUnderTest) async throws {
        try await withPool(backend, size: 1) { pool in
            let waiting = Task { try await pool.lease() }
            #expect(try await eventually { await pool.count.starting == 2 })
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            let cluster = try await pool.lease()
            #expect(try await cluster[0].run("true").exitCode == 0)
            try await cluster.stop()
        }
    }

    @Test func whoWaitsForAClusterThatCannotStartIsTold() async throws {
        let pool = ClusterPool(size: 2) {
            try await Cluster.start(ClusterConfiguration(nodes: 1, image: .named("no such image"), backend: .docker))
        }
        await #expect(throws: ClusterError.self) { try await pool.lease() }
        await #expect(throws: ClusterError.self) { try await pool.warmUp() }
        await pool.close()
        let fixture = ClusterFixture(nodes: 1, prewarmed: -1)
        let error = try await #require(throws: ClusterError.self) { try await fixture.setUp() }
        #expect(error.code == .invalidConfiguration)
    }
}

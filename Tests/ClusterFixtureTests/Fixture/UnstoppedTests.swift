import ClusterFixture
import FixtureTestSupport
import Foundation
import Testing

/// A cluster that somebody forgets to stop is named, with the place of its start.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct UnstoppedTests {
    private static func forgetToTearDown(_ backend: HandedBackend) async throws {
        let fixture = ClusterFixture(backend: try backend.choice, name: "forgotten")
        try await fixture.setUp()
        exit(0)
    }
    private static let placeOfSetUp = "ClusterFixtureTests/UnstoppedTests.swift:\(#line - 3)"

    @Test(arguments: try await BackendUnderTest.usable(needing: []))
    func aForgottenTearDownIsSaidAtTheEnd(backend: BackendUnderTest) async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [backend = backend.handed as HandedBackend] in
            try await Self.forgetToTearDown(backend)
        }
        let said = String(decoding: result.standardErrorContent, as: UTF8.self)
        let sentence =
            "cluster forgotten (\(backend.rawValue): node1) was started at \(Self.placeOfSetUp), and never stopped"
        #expect(said.contains(sentence), "\(said)")
        #expect(try await eventually { try await backend.leases(of: "forgotten").isEmpty })
    }

    private static func letGo(_ backend: HandedBackend) async throws {
        _ = try await Cluster.start(ClusterConfiguration(backend: backend.choice, name: "let-go"))
    }
    private static let placeOfStart = "ClusterFixtureTests/UnstoppedTests.swift:\(#line - 2)"

    @Test(arguments: try await BackendUnderTest.usable(needing: []))
    func aClusterThatIsLetGoIsSaidAtOnce(backend: BackendUnderTest) async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [backend = backend.handed as HandedBackend] in
            try await Self.letGo(backend)
        }
        let said = String(decoding: result.standardErrorContent, as: UTF8.self)
        let sentence = "was started at \(Self.placeOfStart), and was released without being stopped"
        #expect(said.contains(sentence) && !said.contains("never stopped"), "\(said)")
        #expect(try await eventually { try await backend.leases(of: "let-go").isEmpty })
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: []))
    func nothingIsSaidOfOneThatIsStopped(backend: BackendUnderTest) async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [backend = backend.handed as HandedBackend] in
            try await withCluster(backend: backend.choice) { cluster in _ = try await cluster[0].run("true") }
            let fixture = ClusterFixture(backend: try backend.choice)
            try await fixture.setUp()
            try await fixture.tearDown()
        }
        let said = String(decoding: result.standardErrorContent, as: UTF8.self)
        #expect(!said.contains("stopped"), "\(said)")
    }
}

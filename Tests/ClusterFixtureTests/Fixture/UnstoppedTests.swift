import ClusterFixture
import FixtureTestSupport
import Foundation
import Testing

/// A cluster that somebody forgets to stop is named, with the place of its start.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct UnstoppedTests {
    private static func forgetToTearDown(_ backend: String) async throws {
        let fixture = ClusterFixture(backend: try .named(backend), name: "forgotten")
        try await fixture.setUp()
        exit(0)
    }
    private static let placeOfSetUp = "ClusterFixtureTests/UnstoppedTests.swift:\(#line - 3)"

    @Test(arguments: try await BackendUnderTest.usable())
    func aForgottenTearDownIsSaidAtTheEnd(backend: BackendUnderTest) async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [name = backend.rawValue as String] in
            try await Self.forgetToTearDown(name)
        }
        let said = String(decoding: result.standardErrorContent, as: UTF8.self)
        let sentence =
            "cluster forgotten (\(backend.rawValue): node1) was started at \(Self.placeOfSetUp), and never stopped"
        #expect(said.contains(sentence), "\(said)")
    }

    private static func letGo(_ backend: String) async throws {
        _ = try await Cluster.start(ClusterConfiguration(backend: .named(backend)))
    }
    private static let placeOfStart = "ClusterFixtureTests/UnstoppedTests.swift:\(#line - 2)"

    @Test(arguments: try await BackendUnderTest.usable())
    func aClusterThatIsLetGoIsSaidAtOnce(backend: BackendUnderTest) async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [name = backend.rawValue as String] in
            try await Self.letGo(name)
        }
        let said = String(decoding: result.standardErrorContent, as: UTF8.self)
        let sentence = "was started at \(Self.placeOfStart), and was released without being stopped"
        #expect(said.contains(sentence) && !said.contains("never stopped"), "\(said)")
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func nothingIsSaidOfOneThatIsStopped(backend: BackendUnderTest) async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [name = backend.rawValue as String] in
            try await withCluster(backend: .named(name)) { cluster in _ = try await cluster[0].run("true") }
            let fixture = ClusterFixture(backend: try .named(name))
            try await fixture.setUp()
            try await fixture.tearDown()
        }
        let said = String(decoding: result.standardErrorContent, as: UTF8.self)
        #expect(!said.contains("stopped"), "\(said)")
    }
}

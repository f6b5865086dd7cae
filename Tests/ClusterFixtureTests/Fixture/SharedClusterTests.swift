import ClusterFixture
import FixtureTestSupport
import Testing

/// A suite whose tests have one cluster, each as new.
@Suite(.requiresBackend, ClusterFixture(nodes: 2, name: "as-new", sharing: .suite(reset: .eachTest)))
struct SharedClusterTests {
    private static let only = OnlyCluster()

    @Test(arguments: 1...3) func eachTestHasItAsNewAndAlone(number: Int) async throws { try await Self.only.check() }

    @Test func soHasAnother() async throws { try await Self.only.check() }

    @Suite struct Nested {
        @Test func soHasOneOfANestedSuite() async throws { try await SharedClusterTests.only.check() }
    }
}

/// Suites that have one cluster together: `swift test` runs them at the same time.
enum SharedBySuitesTests {
    static var fixture: ClusterFixture { .shared(name: "of-all", reset: .eachTest) }
    fileprivate static let only = OnlyCluster()

    @Suite(.requiresBackend, fixture) struct One {
        @Test(arguments: 1...2) func eachTestHasItAsNewAndAlone(number: Int) async throws { try await only.check() }
    }

    @Suite(.requiresBackend, fixture) struct Another {
        @Test func soHasAnother() async throws { try await only.check() }
    }

    @Suite(.requiresBackend) struct Third {
        @Test(fixture) func soHasOneWhoseSuiteHasNone() async throws { try await only.check() }
    }

    @Suite(.requiresBackend, ClusterFixture.shared(name: "of-others", reset: .eachTest)) struct Different {
        @Test func otherSettingsAreAnotherCluster() async throws {
            let cluster = try Cluster.current
            #expect(!only.contains(cluster))
            #expect(cluster.name == "of-others")
        }
    }
}

/// A cluster of which each test finds that it is the same, as new, and its alone.
private final class OnlyCluster: Sendable {
    private let seen = Locked<Set<String>>([])
    private let running = Locked(0)

    func contains(_ cluster: Cluster) -> Bool { seen.withLock { $0.contains(cluster.id) } }

    func check() async throws {
        let cluster = try Cluster.current
        let tests = running.withLock { running in
            running += 1
            return running
        }
        #expect(tests == 1)
        defer { running.withLock { $0 -= 1 } }
        let clusters = seen.withLock { seen in
            seen.insert(cluster.id)
            return seen.count
        }
        #expect(clusters == 1)
        for node in cluster.nodes {
            #expect(try await node.run("test ! -e /srv/file && touch /srv/file", as: .root).exitCode == 0)
        }
    }
}

import ClusterFixture
import FixtureTestSupport
import Testing

/// `ClusterFixture` as a trait, as users write it.
@Suite(.requiresBackend, ClusterFixture(nodes: 2, name: "shared"), .timeLimit(.minutes(5)))
struct ClusterFixtureTraitTests {
    @Test func theSuitesTestsShareACluster() throws {
        let cluster = try Cluster.current
        #expect(cluster.name == "shared")
        Self.seen.withLock { _ = $0.insert(cluster.id) }
        #expect(Self.seen.withLock { $0.count } == 1)
    }

    @Test func theOtherTestSeesTheSame() throws {
        let id = try Cluster.current.id
        Self.seen.withLock { _ = $0.insert(id) }
        #expect(Self.seen.withLock { $0.count } == 1)
    }

    @Test(ClusterFixture(nodes: 1, name: "own") { $0.environment = ["WORD": "of its own"] }) func aTestMayHaveItsOwn()
        async throws
    {
        let cluster = try Cluster.current
        #expect(cluster.name == "own")
        #expect(try await cluster[0].run("hostname; echo $WORD").standardOutput == "node1\nof its own\n")
    }

    @Test(ClusterFixture(name: "cases"), arguments: 1...3) func theCasesOfATestShareItsCluster(number: Int) throws {
        let id = try Cluster.current.id
        Self.ofCases.withLock { _ = $0.insert(id) }
        #expect(Self.ofCases.withLock { $0.count } == 1)
    }

    @Suite struct ANestedSuite {
        @Test func seesTheOuterSuitesCluster() throws { #expect(try Cluster.current.name == "shared") }
    }

    private static let seen = Locked<Set<String>>([])
    private static let ofCases = Locked<Set<String>>([])
}

import ClusterFixture
import FixtureTestSupport
import Testing

/// A suite whose tests have one cluster, each as new.
@Suite(.requiresBackend, ClusterFixture(nodes: 2, name: "as-new", sharing: .suite(reset: .eachTest)))
struct SharedClusterTests {
    private static let seen = Locked<Set<String>>([])
    private static let running = Locked(0)

    @Test(arguments: 1...3) func eachTestHasItAsNewAndAlone(number: Int) async throws { try await check() }

    @Test func soHasAnother() async throws { try await check() }

    @Suite struct Nested {
        @Test func soHasOneOfANestedSuite() async throws { try await check() }
    }

    static func check() async throws {
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

    private func check() async throws { try await Self.check() }
}

extension SharedClusterTests.Nested {
    private func check() async throws { try await SharedClusterTests.check() }
}

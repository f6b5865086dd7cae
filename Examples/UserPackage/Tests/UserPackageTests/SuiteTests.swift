import ClusterFixture
import Testing

/// One cluster, shared by the suite's tests; a test may have one of its own.
@Suite(ClusterFixture(nodes: 3, name: "user-suite"))
struct SuiteTests {
    @Test func everyNodeAnswers() async throws {
        let cluster = try Cluster.current
        #expect(cluster.nodes.count == 3)
        for node in cluster.nodes {
            let result = try await node.run("hostname")
            #expect(result.standardOutput == "\(node.name)\n")
        }
        #expect(await SeenClusters.ofTheSuite.adding(cluster.id) == [cluster.id])
    }

    @Test func nodesReachEachOther() async throws {
        let cluster = try Cluster.current
        let result = try await cluster["node1"].run("ssh node3 hostname").requireSuccess()
        #expect(result.standardOutput == "node3\n")
        #expect(await SeenClusters.ofTheSuite.adding(cluster.id) == [cluster.id])
    }

    @Test(ClusterFixture(nodes: 2, name: "user-test"))
    func aTestHasAClusterOfItsOwn() async throws {
        let cluster = try Cluster.current
        #expect(cluster.name == "user-test")
        #expect(cluster.nodes.map(\.name) == ["node1", "node2"])
        #expect(try await cluster[1].run("id -un", as: .root).standardOutput == "root\n")
    }
}

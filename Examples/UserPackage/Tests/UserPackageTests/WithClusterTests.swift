import ClusterFixture
import Testing

/// A cluster where it is needed, in any asynchronous code.
struct WithClusterTests {
    @Test func aClosureReturnsAValue() async throws {
        let names = try await withCluster(nodes: 2, name: "user-closure") { cluster in
            var names: [String] = []
            for node in cluster.nodes {
                names.append(try await node.run(["hostname"]).requireSuccess().standardOutput)
            }
            return names
        }
        #expect(names == ["node1\n", "node2\n"])
    }
}

import ClusterFixture
import Testing
@Suite(ClusterFixture(nodes: 3)) struct Smoke {
    @Test func runs() async throws {
        for node in try Cluster.current.nodes {
            let r = try await node.run("hostname; for n in node1 node2 node3 localhost 127.0.0.1; do ssh $n hostname; done", timeout: .seconds(20))
            print(r)
            print(try await node.run("id; for n in node1 localhost; do ssh $n hostname; done", as: .root))
            for _ in 0..<3 { print(try await node.run("true").duration) }
        }
    }
}

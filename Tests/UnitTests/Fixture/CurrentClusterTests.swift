import ClusterFixture
import Testing

/// Where there is no cluster, the error says how to get one.
@Suite struct CurrentClusterTests {
    @Test func outsideAFixtureThereIsNone() throws {
        let error = try #require(throws: ClusterError.self) { try Cluster.current }
        #expect(error.code == .noCluster)
        #expect(error.description.contains("@Test(ClusterFixture(nodes: 3))"))
    }

    @Test func beforeSetUpThereIsNone() async throws {
        let fixture = ClusterFixture(nodes: 3)
        let error = try #require(throws: ClusterError.self) { try fixture.cluster }
        #expect(error.code == .noCluster)
        try await fixture.tearDown()
    }
}

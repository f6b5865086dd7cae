import ClusterFixture
import FixtureTestSupport
import TerrainPipeline
import Testing

/// The pipeline as a job of a machine room: Slurm runs it, and its Dask workers are further jobs.
@Suite(
    .requiresBackend, .timeLimit(.minutes(4)),
    ClusterFixture(
        roles: [.login, .compute(3, limits: NodeLimits(processors: 2))], image: .dask,
        services: [.slurm(), .sharedFolder("/home")]))
struct PipelineJobTests {
    @Test func theQueueRunsThePipeline() async throws {
        let cluster = try Cluster.current
        let result = try await TerrainPipeline(nodes: cluster.nodes).submit(to: cluster.slurm, tiles: 8, workers: 2)

        #expect(result.tiles.map(\.number) == Array(0..<8))
        #expect(result.worstDifference <= TerrainResult.tolerance)
        #expect(!result.tiles.contains { $0.node == "login1" }, "nothing is computed where users log in")
    }
}

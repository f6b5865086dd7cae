import ClusterFixture
import FixtureTestSupport
import Foundation
import TerrainPipeline
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A pipeline is tested on a real cluster: three machines with sshd, which the tests of this suite share.
///
/// They run one after another, since each pipeline wants Dask's own port for its dashboard.
@Suite(.requiresBackend, ClusterFixture(nodes: 3, image: .dask), .serialized, .timeLimit(.minutes(5)))
struct TerrainPipelineTests {
    @Test func itsAnswersAreThoseOfTheFormula() async throws {
        let cluster = try Cluster.current

        let result = try await TerrainPipeline(nodes: cluster.nodes).run(tiles: 12)

        #expect(result.tiles.map(\.number) == Array(0..<12), "each tile is there, once")
        for tile in result.tiles {
            #expect(tile.worstDifference <= TerrainResult.tolerance, "tile \(tile.number): \(tile.features)")
        }
    }

    @Test func everyNodeDoesItsShareOfTheWork() async throws {
        let cluster = try Cluster.current

        let result = try await TerrainPipeline(nodes: cluster.nodes).run(tiles: 12)

        for node in cluster.nodes {
            let itsTiles = result.tiles.filter { $0.node == node.name }
            #expect(!itsTiles.isEmpty, "\(node) computed nothing")
            #expect(itsTiles.allSatisfy { $0.ip == node.ip }, "\(node) computes at its own address")
        }
    }

    @Test func theDashboardOfTheFirstNodeShowsAllWorkers() async throws {
        let cluster = try Cluster.current
        let port = try await cluster[0].forwardPort(8787)
        let page = try #require(URL(string: "http://127.0.0.1:\(port)/json/counts.json"))

        _ = try await TerrainPipeline(nodes: cluster.nodes).run(tiles: 24) { _ in
            let (data, _) = try await URLSession.shared.data(from: page)
            let counts = try JSONDecoder().decode(SchedulerCounts.self, from: data)
            #expect(counts.workers == 3)
            #expect(counts.tasks == 24)
        }
    }

    /// This test destroys a machine, so it has a cluster of its own.
    @Test(ClusterFixture(nodes: 3, image: .dask))
    func aNodeThatDiesHalfWayCostsNoTile() async throws {
        let cluster = try Cluster.current
        var deadNode: Node?

        let result = try await TerrainPipeline(nodes: cluster.nodes).run(tiles: 60) { busyNode in
            try await busyNode.kill()
            deadNode = busyNode
        }

        let dead = try #require(deadNode)
        #expect(result.lostWorkers == [dead.name])
        #expect(!result.recomputedTiles.isEmpty, "\(dead) had finished tiles, which died with it")
        #expect(result.tiles.map(\.number) == Array(0..<60), "each tile is there, once")
        #expect(result.tiles.allSatisfy { $0.node != dead.name })
        #expect(result.worstDifference <= TerrainResult.tolerance)
    }
}

/// What Dask's scheduler says about itself.
private struct SchedulerCounts: Decodable {
    let workers: Int
    let tasks: Int
}

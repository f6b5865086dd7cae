import ClusterFixture
import FixtureTestSupport
import Foundation
import Testing

/// Laserfarm makes maps of a cloud of points: its three macro-pipelines run over SSH on three machines that share a folder.
///
/// `pipelines.py` is as a user of Laserfarm writes it, and `make_tile.py` makes a tile whose maps are known.
@Suite(
    .requiresBackend,
    ClusterFixture(nodes: 3, image: .laserfarm, services: [.sharedFolder("/shared")]),
    .serialized, .timeLimit(.minutes(10)))
struct LaserfarmTests {
    @Test func theMapsOfAKnownWoodAreThoseOfTheFormula() async throws {
        let node = try Cluster.current[0]
        try await node.run("mkdir -p /shared/wood/input").requireSuccess()
        let makeTile = Checkout.path + "/Tests/ExampleDaskTests/Laserfarm/make_tile.py"
        try await node.upload(from: makeTile, to: "make_tile.py")
        try await node.run("python3 make_tile.py /shared/wood/input/wood.laz").requireSuccess()

        let result = try await LaserfarmResult(ofPipelinesIn: "/shared/wood")

        #expect(result.outcomes.values.allSatisfy { $0 == "finished" }, "\(result.outcomes)")
        #expect(result.outcomes.count == 1 + 2 + 3, "one file was cut into two tiles, of which three maps were made")
        #expect(result.workers == ["node1", "node2", "node3"])
        // In each of the 16 plots of 10 m the trees are as high as its number, and half of all points are on the ground.
        let halves = (1...16).map { Double($0) / 2 }
        #expect(result.maps["mean_normalized_height"]?.values.sorted() == halves)
        #expect(result.maps["std_normalized_height"]?.values.sorted() == halves)
        #expect(result.maps["point_density"]?.values == Array(repeating: 8, count: 16))
    }

    /// A real tile is not a part of this project: the folder that `CLUSTER_FIXTURE_TEST_DATA` names has it.
    @Test(.enabled("CLUSTER_FIXTURE_TEST_DATA names no folder with a real tile") { RealTile.folder != nil })
    func noPointOfARealTileIsLost() async throws {
        let tile = try #require(RealTile.folder) + "/C_43FN1_1.LAZ"
        let node = try Cluster.current[0]
        try await node.run("mkdir -p /shared/real/input").requireSuccess()
        try await node.upload(from: tile, to: "/shared/real/input/")

        let result = try await LaserfarmResult(ofPipelinesIn: "/shared/real")

        #expect(result.outcomes.values.allSatisfy { $0 == "finished" }, "\(result.outcomes)")
        #expect(result.workers == ["node1", "node2", "node3"])
        #expect(result.points > 100_000)
        // The density is that of a square metre, and a value is that of a hundred. Points on the border of two squares, one in a
        // thousand in each direction, count in both.
        let counted = try #require(result.maps["point_density"]).values.reduce(0, +) * 100 / Double(result.points)
        #expect((1...1.004).contains(counted))
        for map in result.maps.values { #expect(map.shape == [400, 200], "two tiles of 2 km, in squares of 10 m") }
    }

    /// Laserfarm's own examples log in with it, from any node to any other.
    @Test func everyNodeHasAnRSAKeyThatLetsUbuntuIn() async throws {
        for node in try Cluster.current.nodes {
            let line = "ssh -F none -o IdentitiesOnly=yes -i ~/.ssh/id_rsa"
            let known = "-o UserKnownHostsFile=~/.ssh/known_hosts -o BatchMode=yes"
            let kind = try await node.run("ssh-keygen -l -f ~/.ssh/id_rsa; stat -c %a ~/.ssh/id_rsa")
            #expect(kind.standardOutput.hasPrefix("2048 ") && kind.standardOutput.hasSuffix("(RSA)\n600\n"), "\(kind)")
            #expect(try await node.run("\(line) \(known) ubuntu@node2 hostname").standardOutput == "node2\n")
            #expect(try await node.run("\(line) \(known) root@node2 hostname").exitCode == 255, "it is ubuntu's only")
        }
    }
}

private enum RealTile {
    static var folder: String? {
        let folder = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_TEST_DATA"] ?? ""
        return folder.isEmpty ? nil : folder
    }
}

/// What `pipelines.py` says at its end.
private struct LaserfarmResult: Decodable {
    struct Map: Decodable {
        let shape: [Int]
        /// Those above zero, from the north to the south.
        let values: [Double]
    }

    let points: Int
    let outcomes: [String: String]
    let workers: [String]
    let maps: [String: Map]

    /// Runs the three macro-pipelines from the first node, over all nodes.
    init(ofPipelinesIn folder: String) async throws {
        let cluster = try Cluster.current
        let pipelines = Checkout.path + "/Tests/ExampleDaskTests/Laserfarm/pipelines.py"
        try await cluster[0].upload(from: pipelines, to: "pipelines.py")
        let run = try await cluster[0].run(
            ["python3", "pipelines.py", folder] + cluster.nodes.map(\.name), timeout: .seconds(300))
        self = try JSONDecoder().decode(Self.self, from: Data((try run.requireSuccess().lines.last ?? "").utf8))
    }
}

import ClusterFixture
import Foundation

/// Set-up, teardown and `run` against their floors, interleaved; medians, extremes and ratios as a table.
@main
struct ClusterBenchmark {
    static func main() async throws {
        let nodes = option("--nodes").flatMap { Int($0) } ?? 3
        let runs = option("--runs").flatMap { Int($0) } ?? 10
        // The key pair and the image of the floor are a cluster's that is up meanwhile, with its public key baked in.
        try await withCluster(backend: .docker) { cluster in
            let key = cluster[0].identityFile(for: .ubuntu)
            let image = try floorImage(publicKey: key + ".pub")
            defer { Spawn.run(["docker", "rmi", "--force", image]) }
            let results =
                try await setUpAndTearDown(nodes: nodes, runs: runs, image: image, key: key) + warmRuns(on: cluster)
            try report(results, nodes: nodes, runs: runs)
        }
    }

    private static func setUpAndTearDown(nodes: Int, runs: Int, image: String, key: String) async throws -> [(
        Series, Series?
    )] {
        var floorUp = Series("floor: docker run, banners, ssh true")
        var floorDown = Series("floor: docker rm -f")
        var networkUp = Series("floor on a network of its own: set-up")
        var networkDown = Series("floor on a network of its own: teardown")
        var fixtureUp = Series("ClusterFixture.setUp")
        var fixtureDown = Series("ClusterFixture.tearDown")
        let floor = Floor(nodes: nodes, image: image, key: key, ownNetwork: false)
        let network = Floor(nodes: nodes, image: image, key: key, ownNetwork: true)
        for _ in 0..<runs {
            let bare = await floorUp.time { floor.setUp() }
            await floorDown.time { floor.tearDown(bare) }
            let fixture = ClusterFixture(nodes: nodes, backend: .docker)
            _ = try await fixtureUp.time { try await fixture.setUp() }
            try await fixtureDown.time { try await fixture.tearDown() }
            let networked = await networkUp.time { network.setUp() }
            await networkDown.time { network.tearDown(networked) }
        }
        return [
            (floorUp, nil), (fixtureUp, floorUp), (networkUp, floorUp),
            (floorDown, nil), (fixtureDown, floorDown), (networkDown, floorDown),
        ]
    }

    /// A hundred of each, in turn.
    private static func warmRuns(on cluster: Cluster) async throws -> [(Series, Series?)] {
        var bare = Series("floor: ssh -S SOCKET node1 true")
        var run = Series("node.run(\"true\"), warm")
        let socket = (cluster.sshConfigurationFile as NSString).deletingLastPathComponent + "/s/ubuntu@node1"
        for _ in 0..<100 {
            _ = await bare.time { Spawn.run(["ssh", "-F", "/dev/null", "-S", socket, "ubuntu@node1", "true"]) }
            _ = try await run.time { try await cluster[0].run("true") }
        }
        return [(bare, nil), (run, bare)]
    }

    /// The node image with a public key of ours, as a person would build it by hand.
    private static func floorImage(publicKey: String) throws -> String {
        let folder = NSTemporaryDirectory() + "/cf-floor-\(getpid())"
        let manager = FileManager.default
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? manager.removeItem(atPath: folder) }
        for name in ["docker", "ssh", ".dockerignore"] {
            try manager.copyItem(atPath: package + "/" + name, toPath: folder + "/" + name)
        }
        try manager.copyItem(atPath: publicKey, toPath: folder + "/ssh/mock_ubuntu/floor.pub")
        let tag = "cluster-fixture-floor:\(getpid())"
        Spawn.run([
            "docker", "build", folder, "--file", folder + "/docker/Dockerfile", "--tag", tag, "--target", "node",
        ])
        return tag
    }

    private static func report(_ results: [(Series, Series?)], nodes: Int, runs: Int) throws {
        print("\(nodes) nodes, \(runs) interleaved runs; seconds: median, least, most; ratio of medians to the floor")
        for (series, floor) in results { print(series.row(over: floor)) }
        guard let file = option("--json") else { return }
        try JSONEncoder().encode(results.map(\.0)).write(to: URL(fileURLWithPath: file))
    }

    private static func option(_ name: String) -> String? {
        let words = CommandLine.arguments
        return words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
    }
}

import ClusterFixture
import Foundation

/// Set-up, teardown and `run` against their floors, interleaved; medians, extremes and ratios as a table.
@main
struct ClusterBenchmark {
    static func main() async throws {
        let sizes = (option("--nodes") ?? "3").split(separator: ",").compactMap { Int($0) }
        let runs = option("--runs").flatMap { Int($0) } ?? 10
        let backends = (option("--backends") ?? "docker,namespaces").split(separator: ",")
        var results: [Result] = []
        for nodes in sizes {
            if backends.contains("docker") { results += try await docker(nodes: nodes, runs: runs) }
            if backends.contains("namespaces") { results += try await namespaces(nodes: nodes, runs: runs) }
        }
        if let file = option("--json") { try JSONEncoder().encode(results).write(to: URL(fileURLWithPath: file)) }
    }

    private static func docker(nodes: Int, runs: Int) async throws -> [Result] {
        // The key pair and the image of the floor are a cluster's that is up meanwhile, with its public key baked in.
        try await withCluster(backend: .docker) { cluster in
            let key = cluster[0].identityFile(for: .ubuntu)
            let image = try floorImage(publicKey: key + ".pub")
            defer { Spawn.run(["docker", "rmi", "--force", image]) }
            let rows =
                try await setUpAndTearDown(nodes: nodes, runs: runs, image: image, key: key) + warmRuns(on: cluster)
            return report("docker", rows, nodes: nodes, runs: runs)
        }
    }

    #if os(Linux)
    private static func namespaces(nodes: Int, runs: Int) async throws -> [Result] {
        guard BareFloor.isPossible else {
            print("no floor for namespaces: there is no /usr/sbin/sshd on this machine")
            return []
        }
        return try await BareFloor.withKeys { folder in
            var banner = Series("floor: bare sshd until their banners")
            var proof = Series("floor: the same, and ssh true on each")
            var down = Series("floor: kill them")
            var fixtureUp = Series("ClusterFixture.setUp")
            var fixtureDown = Series("ClusterFixture.tearDown")
            let floor = BareFloor(nodes: nodes, folder: folder)
            for _ in 0..<runs {
                let servers = await proof.time {
                    let servers = await banner.time { floor.setUp() }
                    floor.prove(servers)
                    return servers
                }
                await down.time { floor.tearDown(servers) }
                let fixture = ClusterFixture(nodes: nodes, backend: .namespaces)
                _ = try await fixtureUp.time { try await fixture.setUp() }
                try await fixtureDown.time { try await fixture.tearDown() }
            }
            let cluster = try await withCluster(backend: .namespaces) { try await warmRuns(on: $0) }
            let rows = [(banner, nil), (proof, nil), (fixtureUp, proof), (down, nil), (fixtureDown, nil)] + cluster
            return report("namespaces", rows, nodes: nodes, runs: runs)
        }
    }
    #else
    private static func namespaces(nodes: Int, runs: Int) async throws -> [Result] { [] }
    #endif

    private static func setUpAndTearDown(nodes: Int, runs: Int, image: String, key: String) async throws -> [(
        Series, Series?
    )] {
        var floorUp = Series("floor: docker run, banners, ssh true")
        var floorDown = Series("floor: docker rm -f")
        var networkUp = Series("floor on a network of its own: set-up")
        var networkDown = Series("floor on a network of its own: teardown")
        var fixtureUp = Series("ClusterFixture.setUp")
        var fixtureDown = Series("ClusterFixture.tearDown")
        let floor = DockerFloor(nodes: nodes, image: image, key: key, ownNetwork: false)
        let network = DockerFloor(nodes: nodes, image: image, key: key, ownNetwork: true)
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

    private static func report(_ backend: String, _ rows: [(Series, Series?)], nodes: Int, runs: Int) -> [Result] {
        print(
            "\n\(backend), \(nodes) nodes, \(runs) interleaved runs; seconds: median, least, most; ratio of medians to the floor"
        )
        for (series, floor) in rows { print(series.row(over: floor)) }
        return rows.map { Result(backend: backend, nodes: nodes, series: $0.0) }
    }

    private static func option(_ name: String) -> String? {
        let words = CommandLine.arguments
        return words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
    }
}

/// One row, for machines.
struct Result: Encodable {
    let backend: String
    let nodes: Int
    let series: Series
}

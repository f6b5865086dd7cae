import Foundation

/// What a careful person would script by hand: parallel `docker run`, wait for the banners, one `ssh … true` on each.
struct DockerFloor {
    let nodes: Int
    let image: String
    let key: String
    /// Whether the nodes get a network of their own, as a cluster's do, or share Docker's default one.
    let ownNetwork: Bool

    private var label: String { "cluster-fixture-floor" }
    private var network: String { "cluster-fixture-floor" }

    func setUp() -> [String] {
        if ownNetwork {
            Spawn.run(["docker", "network", "create", "--label", label, "--subnet", "198.19.254.0/24", network])
        }
        let run = ["docker", "run", "--detach", "--label", label, "--publish", "127.0.0.1::22"]
        let containers = Spawn.parallel(
            Array(repeating: run + (ownNetwork ? ["--network", network] : []) + [image], count: nodes))
        let format = #"{{(index (index .NetworkSettings.Ports "22/tcp") 0).HostPort}}"#
        let ports = Spawn.run(["docker", "inspect", "--format", format] + containers).split(separator: "\n").map(
            String.init)
        for port in ports { Loopback.awaitBanner(UInt16(port) ?? 0) }
        _ = Spawn.parallel(
            ports.map {
                [
                    "ssh", "-F", "/dev/null", "-i", key, "-p", $0, "-o", "StrictHostKeyChecking=no",
                    "-o", "UserKnownHostsFile=/dev/null", "ubuntu@127.0.0.1", "true",
                ]
            })
        return containers
    }

    func tearDown(_ containers: [String]) {
        Spawn.run(["docker", "rm", "--force", "--volumes"] + containers)
        if ownNetwork { Spawn.run(["docker", "network", "rm", network]) }
    }
}

import Foundation

/// What a careful person would script by hand: parallel `docker run`, wait for the banners, one `ssh … true` on each.
struct Floor {
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
        for port in ports { awaitBanner(UInt16(port) ?? 0) }
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

    /// Connects again and again, a millisecond apart, until four bytes of a banner come.
    private func awaitBanner(_ port: UInt16) {
        while true {
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(socket) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            var bytes = [UInt8](repeating: 0, count: 4)
            if connected == 0, recv(socket, &bytes, 4, 0) == 4, bytes == Array("SSH-".utf8) { return }
            usleep(1000)
        }
    }
}

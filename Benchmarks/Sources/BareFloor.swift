import Foundation

/// N `sshd` processes on free ports of loopback, without any isolation: what a cluster can't be faster than.
struct BareFloor {
    let nodes: Int
    let folder: String

    static let isPossible = FileManager.default.isExecutableFile(atPath: "/usr/sbin/sshd")

    /// Starts them and waits for their banners; the keys are there already.
    func setUp() -> [Server] {
        let ports = (0..<nodes).map { _ in Loopback.freePort() }
        let servers = ports.map { port in
            Server(
                port: port,
                process: Spawn.start([
                    "/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", folder + "/host", "-p", "\(port)",
                    "-o", "ListenAddress=127.0.0.1", "-o", "UsePAM=no", "-o", "PidFile=none", "-o", "StrictModes=no",
                    "-o", "AuthorizedKeysFile=\(folder)/key.pub",
                ]))
        }
        for server in servers { Loopback.awaitBanner(server.port) }
        return servers
    }

    /// One plain `ssh … true` on each, in parallel.
    func prove(_ servers: [Server]) {
        _ = Spawn.parallel(
            servers.map {
                [
                    "ssh", "-F", "/dev/null", "-i", folder + "/key", "-p", "\($0.port)", "-o",
                    "StrictHostKeyChecking=no",
                    "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "root@127.0.0.1", "true",
                ]
            })
    }

    func tearDown(_ servers: [Server]) { for server in servers { Spawn.end(server.process) } }

    struct Server {
        let port: UInt16
        let process: pid_t
    }

    /// Makes the keys in a fresh folder, hands it over, and removes it.
    static func withKeys<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let folder = NSTemporaryDirectory() + "/cf-bare-\(getpid())"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for key in ["host", "key"] {
            Spawn.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder + "/" + key])
        }
        // sshd wants its folder even if it is never used.
        try? FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        return try await body(folder)
    }
}

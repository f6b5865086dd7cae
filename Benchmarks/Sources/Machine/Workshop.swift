import Foundation

/// What the contenders share: a folder, keys, an image, and names by which all that they make is found again.
///
/// A shell watches this process and sweeps up when it ends, whether it is done, fails, or is killed.
final class Workshop {
    let name = "cf-bench-\(getpid())"
    let folder: String
    private let sweeper: (process: pid_t, socket: Int32)
    private lazy var builtImage = Result { try buildImage() }

    var key: String { folder + "/key" }
    var hostKey: String { folder + "/host" }
    var label: String { "cluster-fixture-benchmark=\(name)" }
    /// The name of Mininet's bridge, at most eight characters: with `-eth250` behind it, an interface's has fifteen.
    var bridge: String { Self.bridge }
    private static let bridge = "m\(getpid() % 10_000_000)"

    init() throws {
        folder = NSTemporaryDirectory() + "/" + name
        let (ours, theirs) = try Spawn.socketPair()
        defer { _ = Foundation.close(theirs) }
        let command = ["sh", Machine.benchmarks + "/peers/sweep", name, folder, Self.bridge]
        sweeper = (try Spawn.start(command, input: theirs, errors: 2, inOwnGroup: true), ours)
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        for file in [key, hostKey] { try Spawn.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file]) }
        // sshd wants its folder even if it is never used.
        if geteuid() == 0 {
            try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        }
    }

    /// Sweeps up and waits until it is done.
    func close() {
        _ = send(sweeper.socket, "done\n", 5, Int32(MSG_NOSIGNAL))
        _ = Foundation.close(sweeper.socket)
        waitpid(sweeper.process, nil, 0)
    }

    /// The node image with the workshop's public key in it, as a person would build it by hand; built once.
    func image() throws -> String { try builtImage.get() }

    private func buildImage() throws -> String {
        let context = folder + "/context"
        let manager = FileManager.default
        try manager.createDirectory(atPath: context, withIntermediateDirectories: false)
        for name in ["docker", "ssh", ".dockerignore"] {
            try manager.copyItem(atPath: Machine.package + "/" + name, toPath: context + "/" + name)
        }
        try manager.copyItem(atPath: key + ".pub", toPath: context + "/ssh/mock_ubuntu/benchmark.pub")
        try Spawn.run([
            "docker", "build", "--force-rm", context, "--file", context + "/docker/Dockerfile", "--tag", name,
            "--target", "node",
        ])
        return name
    }
}

import ClusterFixture
import Foundation

/// What a command costs on a cluster that is up, against plain `ssh` over the same shared connection.
struct Commands: Encodable {
    let backend: String
    /// Seconds of `ssh -S SOCKET node1 true`.
    var bare: [Double] = []
    /// Seconds of the first `node.run("true")` after set-up.
    var first: [Double] = []
    /// Seconds of `node.run("true")` after that.
    var warm: [Double] = []

    /// Ten clusters of one node: the first command of each, then ten of both kinds in turn.
    static func measure(_ library: LibraryCluster) async throws -> Commands {
        var commands = Commands(backend: library.name)
        for _ in 0..<10 {
            try await withCluster(backend: library.backend) { cluster in
                commands.first.append(try await time { try await cluster[0].run("true") })
                let folder = (cluster.sshConfigurationFile as NSString).deletingLastPathComponent
                let ssh = ["ssh", "-F", "/dev/null", "-S", folder + "/s/ubuntu@node1", "ubuntu@node1", "true"]
                for _ in 0..<10 {
                    commands.bare.append(try await time { try Spawn.run(ssh) })
                    commands.warm.append(try await time { try await cluster[0].run("true") })
                }
            }
        }
        return commands
    }

    private static func time(_ body: () async throws -> some Any) async rethrows -> Double {
        let stopwatch = Stopwatch()
        _ = try await body()
        return stopwatch.seconds
    }
}

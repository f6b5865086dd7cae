import ClusterFixture

/// A command, `true`, on all nodes of a cluster that is up, beside clush, which does nothing else. (Its own default is 64 at a time too.)
struct FanOut: Encodable {
    /// How many at a time.
    let limits: [Int]
    /// Seconds for a user who has no connection to any node yet.
    let first: Double
    /// Seconds over the connections that are open then, for each limit.
    let again: [Double]
    /// Seconds of clush, which opens a connection for each; nil where it is not installed.
    let clush: Double?

    static func measure(_ cluster: Cluster) async throws -> FanOut {
        let limits = [16, 32, 64, 128, 256]
        let first = try await time { try await cluster.run("true", as: .root).requireSuccess() }
        var again: [Double] = []
        for limit in limits {
            again.append(try await time { try await cluster.run("true", atMost: limit, as: .root).requireSuccess() })
        }
        let words = [
            "clush", "-S", "-N", "-l", "root", "-f", "64", "-o", "-F \(cluster.sshConfigurationFile)", "-w",
            cluster.nodes.map(\.name).joined(separator: ","), "true",
        ]
        let hasClush = (try? Spawn.run(["clush", "--version"])) != nil
        let clush = hasClush ? try await time { try Spawn.run(words) } : nil
        return FanOut(limits: limits, first: first, again: again, clush: clush)
    }

    private static func time(_ body: () async throws -> some Any) async rethrows -> Double {
        let stopwatch = Stopwatch()
        _ = try await body()
        return stopwatch.seconds
    }
}

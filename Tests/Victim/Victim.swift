import ClusterEmulation
import FixtureTestSupport
import Foundation

/// A process with clusters, for tests: `Victim NAME` starts one, says `ready`, and stops it when its standard input ends,
/// unless it is killed before; `Victim NAME COUNT` makes and removes so many, one after another; with `Victim NAME failing`
/// the work on it fails. Root's have limits.
@main
struct Victim {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let limits = geteuid() == 0 ? NodeLimits(memory: 256 << 20) : .none
        let configuration = ClusterConfiguration(nodes: 3, name: arguments.first ?? "victim", limits: limits)
        if arguments.dropFirst().first == "failing" {
            try await withCluster(configuration) { _ in throw ClusterError(.commandFailed, "It fails on purpose.") }
        } else if let count = arguments.dropFirst().first.flatMap({ Int($0) }) {
            for _ in 0..<count { try await makeAndRemove(configuration) }
        } else {
            try await waitToBeKilled(configuration, forking: arguments.dropFirst().first == "fork")
        }
    }

    private static func makeAndRemove(_ configuration: ClusterConfiguration) async throws {
        say("booting")
        try await withCluster(configuration) { cluster in
            for node in cluster.nodes {
                let result = try await node.run("hostname && ssh node3 hostname").requireSuccess()
                guard result.lines == [node.name, "node3"] else { throw CancellationError() }
            }
        }
        say("made and removed one")
    }

    private static func waitToBeKilled(_ configuration: ClusterConfiguration, forking: Bool) async throws {
        say("booting")
        let cluster = try await Cluster.start(configuration)
        try await cluster[0].run("true", as: .root)
        say("logs in with \(cluster[0].identityFile(for: .root))")
        if forking { say("child \(ForkedChild.start())") }
        say("ready")
        while readLine() != nil {}
        say("stopping")
        try await cluster.stop()
        say("stopped")
    }

    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}

import ClusterEmulation
import FixtureTestSupport
import Foundation

/// A process with clusters, for tests: `Victim NAME` starts one, says `ready`, and stops it when its standard input ends,
/// unless it is killed before; `Victim NAME COUNT` makes and removes so many, one after another; with `failing` the work on
/// it fails; with `breaking` it breaks and heals its cluster until it is killed. With `services` its clusters have them, with `faults` the
/// network is a bad one.
@main
struct Victim {
    static func main() async throws {
        let name = CommandLine.arguments.dropFirst().first ?? "victim"
        let words = Set(CommandLine.arguments.dropFirst(2))
        let configuration = ClusterConfiguration.victim(name, services: words.contains("services"))
        if words.contains("failing") {
            try await withCluster(configuration) { _ in throw ClusterError(.commandFailed, "It fails on purpose.") }
        } else if words.contains("breaking") {
            try await breakAndMend(configuration)
        } else if let count = words.lazy.compactMap({ Int($0) }).first {
            for _ in 0..<count { try await makeAndRemove(configuration) }
        } else {
            try await waitToBeKilled(
                configuration, forking: words.contains("fork"), withFaults: words.contains("faults"))
        }
    }

    /// Breaks all kinds of things, again and again.
    private static func breakAndMend(_ configuration: ClusterConfiguration) async throws {
        say("booting")
        try await withCluster(configuration) { cluster in
            let mix = FaultMix(
                kinds: Set(FaultMix.Kind.allCases), count: 6, window: .milliseconds(500),
                length: .milliseconds(10) ... .milliseconds(300))
            while true {
                let schedule = FaultSchedule(seed: .random(in: 0 ... .max), on: cluster, mix: mix)
                try await cluster.underFaults(schedule) { try await Task.sleep(for: mix.window) }
            }
        }
    }

    private static func makeAndRemove(_ configuration: ClusterConfiguration) async throws {
        say("booting")
        try await withCluster(configuration) { cluster in
            let names = cluster.nodes.map(\.name)
            let last = names[names.count - 1]
            for node in cluster.nodes {
                let result = try await node.run("hostname && ssh \(last) hostname").requireSuccess()
                guard result.lines == [node.name, last] else { throw CancellationError() }
            }
            guard !configuration.services.isEmpty else { return }
            let job = try await cluster[0].run("srun --nodes=2 hostname").requireSuccess()
            guard job.lines.sorted() == Array(names.dropFirst()) else { throw CancellationError() }
        }
        say("made and removed one")
    }

    private static func waitToBeKilled(
        _ configuration: ClusterConfiguration, forking: Bool, withFaults: Bool
    ) async throws {
        say("booting")
        let cluster = try await Cluster.start(configuration)
        try await cluster[0].run("true", as: .root)
        say("logs in with \(cluster[0].identityFile(for: .root))")
        if withFaults {
            try await cluster[0].degrade(latency: .milliseconds(50), loss: 0.01)
            try await cluster[2].isolate()
        }
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

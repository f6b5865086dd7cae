import ClusterEmulation
import FixtureTestSupport
import Foundation

/// What there is of a cluster on an engine, as the engine itself tells.
struct EngineTraces: Sendable {
    /// The containers, the network, its bridge on this machine, and the containers' volumes, which bear no label.
    let found: Set<String>

    /// What there is now.
    init(of cluster: ClusterID) async throws {
        let label = "label=\(DockerLabel.cluster)=\(cluster)"
        let containers = try await Self.ask(["ps", "--all", "--no-trunc", "--quiet", "--filter", label])
        let networks = try await Self.ask(["network", "ls", "--no-trunc", "--quiet", "--filter", label])
        let format = #"{{range .Mounts}}{{if eq .Type "volume"}}{{println .Name}}{{end}}{{end}}"#
        let volumes =
            containers.isEmpty
            ? [] : try await Self.ask(["inspect", "--type", "container", "--format", format] + containers)
        let bridges = networks.map { "/sys/class/net/br-\($0.prefix(12))" }
        found = Set(containers + networks + volumes + bridges.filter(FileManager.default.fileExists))
    }

    /// Those that are still there.
    func left() async throws -> [String] {
        let all =
            try await Self.ask(["ps", "--all", "--no-trunc", "--quiet"])
            + Self.ask(["network", "ls", "--no-trunc", "--quiet"]) + Self.ask(["volume", "ls", "--quiet"])
        let there = Set(all)
        return found.filter { $0.hasPrefix("/") ? FileManager.default.fileExists(atPath: $0) : there.contains($0) }
            .sorted()
    }

    private static func ask(_ words: [String]) async throws -> [String] {
        let output = try await DockerEngine().ask(words)
        guard output.succeeded else { throw ClusterError(.commandFailed, output.complaint) }
        return output.lines.filter { !$0.isEmpty }
    }
}

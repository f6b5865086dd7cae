#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation

/// A cluster as its folder tells of it.
struct FoundCluster: Sendable {
    let id: ClusterID
    /// The ports of this machine that lead to its nodes.
    let ports: [Int]

    static func all(in folder: String) throws -> [FoundCluster] {
        try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { name in
            guard let id = ClusterID(folderName: name) else { return nil }
            let configuration = (try? String(contentsOfFile: "\(folder)/\(name)/ssh_config", encoding: .utf8)) ?? ""
            let ports = configuration.split(separator: "\n").compactMap { line in
                line.hasPrefix("  Port ") ? Int(line.dropFirst("  Port ".count)) : nil
            }
            return FoundCluster(id: id, ports: ports)
        }
    }
}

/// What there is on this machine of a killed process and its clusters.
struct Traces {
    let left: [String]

    init(name: String, folder: String, clusters: [FoundCluster]) throws {
        let manager = FileManager.default
        var left = try manager.contentsOfDirectory(atPath: folder).map { "folder \($0)" }
        // The lifeline and the nodes' first processes bear the command line of the process that made them.
        left += try (ProcessTable.commandLines(containing: name) + ProcessTable.commandLines(containing: folder)).map {
            "process \($0)"
        }
        let listening = try Self.listeningPorts()
        for cluster in clusters {
            left += try Self.processesThatSeeMounts(of: cluster.id).map { "mounts, seen by process \($0)" }
            for path in ["/sys/class/net/cf\(cluster.id)"] where manager.fileExists(atPath: path) { left.append(path) }
            for place in ["/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpu"] {
                left += ((try? manager.contentsOfDirectory(atPath: place)) ?? []).filter {
                    $0.hasPrefix("cluster-fixture-\(cluster.id)")
                }
            }
            left += cluster.ports.filter(listening.contains).map { "port \($0)" }
        }
        self.left = left
    }

    /// Mounts live as long as somebody sees them: the cluster's bear its name.
    private static func processesThatSeeMounts(of cluster: ClusterID) throws -> [Int] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int($0) }.filter { process in
            let mounts = FileManager.default.contents(atPath: "/proc/\(process)/mountinfo") ?? Data()
            return mounts.range(of: Data("cf-\(cluster)".utf8)) != nil
        }
    }

    /// The ports of IPv4 that somebody listens on: state 0A in `/proc/net/tcp` (proc(5)).
    private static func listeningPorts() throws -> Set<Int> {
        let lines = try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).split(separator: "\n").dropFirst()
        return Set(
            lines.compactMap { line in
                let fields = line.split(separator: " ")
                guard fields.count > 3, fields[3] == "0A" else { return nil }
                return Int(fields[1].suffix(4), radix: 16)
            })
    }
}
#endif

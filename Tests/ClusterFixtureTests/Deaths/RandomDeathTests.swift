#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Subprocess
import Testing

private let rounds = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_KILLS"].flatMap { Int($0) } ?? 0

/// SIGKILL at moments that nobody chose, across set-up, use and teardown: a second later, nothing is left.
///
/// `scripts/kill-at-random` runs it, on its own: a second is not long on a machine that runs a hundred other tests.
@Suite(
    .requiresNamespaces, .serialized, .timeLimit(.minutes(30)),
    .enabled("scripts/kill-at-random does this, on its own") { rounds > 0 })
struct RandomDeathTests {

    @Test(arguments: 0..<rounds) func aSecondAfterAKillNothingIsLeft(round: Int) async throws {
        try await withTemporaryFolder { folder in
            let name = "random-" + String(Int.random(in: 100_000..<999_999))
            let moment = Duration.milliseconds(Int.random(in: 0..<1000))
            let found = try await killVictim(name, temporaryFolder: folder, after: moment)
            let killed = ContinuousClock.now
            var left = try Traces(name: name, folder: folder, clusters: found).left
            while !left.isEmpty, ContinuousClock.now - killed < .seconds(1) {
                try await Task.sleep(for: .milliseconds(5))
                left = try Traces(name: name, folder: folder, clusters: found).left
            }
            #expect(left == [], "killed after \(moment)")
        }
    }

    @Test(arguments: 0..<rounds / 10) func aBuildThatIsKilledAtRandomLeavesNothing(round: Int) async throws {
        try await CommandLine.with(.namespaces) { command in
            let build = KilledBuild(command)
            try await build.run(killedAt: "making a root", after: .milliseconds(Int.random(in: 0..<15000)))
            try await build.expectNothingStays()
            try await build.removeCache()
        }
    }

    /// Kills a process that makes and removes clusters, one after another, so long after its first word. Returns the
    /// clusters that it had at that moment.
    private func killVictim(
        _ name: String, temporaryFolder: String, after moment: Duration
    ) async throws -> [FoundCluster] {
        var options = PlatformOptions()
        options.createSession = true
        return try await Subprocess.run(
            .name("env"), arguments: [VictimProgram.path, name, "1000"],
            environment: .inherit.updating(["TMPDIR": temporaryFolder, "CLUSTER_FIXTURE_BACKEND": "namespaces"]),
            platformOptions: options, input: .none, output: .sequence, error: .discarded
        ) { execution in
            for try await _ in execution.standardOutput.strings() { break }
            try await Task.sleep(for: moment)
            let found = try FoundCluster.all(in: temporaryFolder)
            try execution.send(signal: .kill)
            return found
        }.closureResult
    }
}

/// A cluster as its folder tells of it.
private struct FoundCluster: Sendable {
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

/// What there is of a killed process and its clusters.
private struct Traces {
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

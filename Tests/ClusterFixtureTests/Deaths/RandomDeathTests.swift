#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Subprocess
import Testing

private let rounds = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_KILLS"].flatMap { Int($0) } ?? 0

/// SIGKILL at moments that nobody chose, across set-up, use and teardown: a second later, nothing is left. In every third round
/// the clusters have services: Slurm, and folders that the nodes share. In every other third round they are being broken and healed.
///
/// `scripts/kill-at-random` runs it, on its own: a second is not long on a machine that runs a hundred other tests.
@Suite(
    .requiresNamespaces, .serialized, .timeLimit(.minutes(30)),
    .enabled("scripts/kill-at-random does this, on its own") { rounds > 0 })
struct RandomDeathTests {

    @Test(arguments: 0..<rounds) func aSecondAfterAKillNothingIsLeft(round: Int) async throws {
        try await ClusterConfiguration.victim("prepared", services: true, backend: .namespaces).prepareImages()
        try await withTemporaryFolder { folder in
            let name = "random-" + String(Int.random(in: 100_000..<999_999))
            let kind = [["1000"], ["1000", "services"], ["breaking"]][round % 3]
            let moment = Duration.milliseconds(Int.random(in: 0..<(round % 3 == 0 ? 1000 : 2000)))
            let found = try await killVictim(name, kind, temporaryFolder: folder, after: moment)
            let killed = ContinuousClock.now
            var left = try Traces(name: name, folder: folder, clusters: found).left
            while !left.isEmpty, ContinuousClock.now - killed < .seconds(1) {
                try await Task.sleep(for: .milliseconds(5))
                left = try Traces(name: name, folder: folder, clusters: found).left
            }
            #expect(left == [], "\(kind), killed after \(moment)")
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
        _ name: String, _ kind: [String], temporaryFolder: String, after moment: Duration
    ) async throws -> [FoundCluster] {
        var options = PlatformOptions()
        options.createSession = true
        return try await Subprocess.run(
            .name("env"), arguments: Arguments([VictimProgram.path, name] + kind),
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
#endif

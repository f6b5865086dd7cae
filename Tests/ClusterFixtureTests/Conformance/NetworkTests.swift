import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// The network between nodes, as programs on any network use theirs.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct NetworkTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func addressesAreOfTheRangeThatIsAskedFor(backend: BackendUnderTest) async throws {
        let configuration = ClusterConfiguration(nodes: 2, backend: backend.choice, subnets: "10.213.0.0/16")
        try await withCluster(configuration) { cluster in
            #expect(cluster.nodes.allSatisfy { $0.ip.hasPrefix("10.213.") })
            let seen = try await cluster[0].run("ssh node2 hostname -I").standardOutput
            #expect(seen.hasPrefix(cluster[1].ip))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func theRangeCanBeNamedForAllClusters(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let ours = ["CLUSTER_FIXTURE_SUBNETS": "10.214.0.0/16"]
            let print = "echo $CLUSTER_HOSTS"
            let all = try await command.run("run", "--", "sh", "-c", print, environment: ours)
            #expect(all.standardOutput.hasPrefix("10.214."), "\(all.standardError)")
            // What is said for one cluster goes before.
            let range = "10.215.0.0/16"
            let one = try await command.run("run", "--subnets", range, "--", "sh", "-c", print, environment: ours)
            #expect(one.standardOutput.hasPrefix("10.215."), "\(one.standardError)")
        }
    }

    @Test func aRangeThatCanNotBeUsedIsRefusedBeforeAnythingStarts() async throws {
        try await CommandLine.with(nil) { command in
            let option = try await command.run("run", "--subnets", "10.215.1.0/16", "--", "true")
            #expect(option.exitCode == 64)
            #expect(option.standardError.contains("write 10.215.0.0/16"), "\(option.standardError)")
            let variable = try await command.run(
                "run", "--", "true", environment: ["CLUSTER_FIXTURE_SUBNETS": "everything"])
            #expect(variable.exitCode == 64)
            #expect(
                variable.standardError.contains("CLUSTER_FIXTURE_SUBNETS can't be used. \"everything\" is not a range"),
                "\(variable.standardError)")
            #expect(try await command.left() == [])
        }
    }
}

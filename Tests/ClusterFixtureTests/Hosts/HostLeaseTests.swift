#if os(Linux)
import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// Two clusters never share a machine unknowingly.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct HostLeaseTests {
    @Test func aMachineThatIsHeldIsToldWithItsHolder() async throws {
        try await Lab.with { lab in
            let file = try lab.hosts()
            try await CommandLine.with(nil) { command in
                try await withCluster(nodes: 2, backend: .hosts(file), name: "first") { cluster in
                    let words = ["up", "--hosts", file, "--nodes", "2", "--name", "second"]
                    let output = try await command.run(words, environment: ["CLUSTER_FIXTURE_HOSTS_WAIT": "1"])
                    #expect(output.exitCode != 0)
                    let told = output.standardError
                    #expect(told.contains("cluster second waits for machines"), "\(told)")
                    #expect(told.contains("node1.") && told.contains("is held by \(NSUserName())@"), "\(told)")
                    #expect(told.contains("process \(getpid()), cluster first, since 20"), "\(told)")
                    #expect(told.contains("CLUSTER_FIXTURE_HOSTS_WAIT"), "\(told)")
                    // One that is enough is had.
                    let third = try await command.run("up", "--hosts", file, "--name", "third")
                    #expect(third.exitCode == 0, "\(third.standardError)")
                    #expect(try await command.run("ssh", "third", "--", "hostname").standardOutput == "node3\n")
                    #expect(try await cluster[0].run("hostname").standardOutput == "node1\n")
                    #expect(try await command.run("down", "third").exitCode == 0)
                }
                #expect(try await command.left() == [])
            }
            #expect(try await lab.left() == [])
        }
    }

    @Test func whoeverWaitsGetsItWhenItIsFree() async throws {
        try await Lab.with { lab in
            let file = try lab.hosts()
            let first = try await Cluster.start(ClusterConfiguration(nodes: 2, backend: .hosts(file), name: "first"))
            let second = Task {
                try await Cluster.start(ClusterConfiguration(nodes: 3, backend: .hosts(file), name: "second"))
            }
            // It has been refused once, since node3 was taken and let go.
            #expect(try await first[0].run("hostname").standardOutput == "node1\n")
            try await first.stop()
            let cluster = try await second.value
            #expect(try await cluster[2].run("hostname").standardOutput == "node3\n")
            try await cluster.stop()
            #expect(try await lab.left() == [])
        }
    }

    /// The kernel tells that nobody holds it any more.
    @Test func whatADeadHolderHasLeftIsTakenOverAndCleanedUp() async throws {
        try await Lab.with { lab in
            let file = try lab.hosts()
            let first = try await Cluster.start(ClusterConfiguration(backend: .hosts(file), name: "first"))
            try await first[0].run("setsid sleep 4731 >/dev/null 2>&1 &").requireSuccess()
            let holder = try await lab.on("node1", "cut -d ' ' -f 1 /tmp/cluster-fixture.lease/\(first.id)")[0]
            try await lab.on("node1", "pkill -KILL -P \(holder); kill -KILL \(holder)")
            #expect(try await lab.on("node1", "ls -d /tmp/cf-\(first.id); pgrep -c sleep").count == 2)
            let host = try lab.file(
                "one.yaml",
                try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").filter {
                    !$0.contains("node2.") && !$0.contains("node3.")
                }.joined(separator: "\n"))
            try await CommandLine.with(nil) { command in
                let second = try await command.run("up", "--hosts", host, "--name", "successor")
                try #require(second.exitCode == 0, "\(second.standardError)")
                let told = second.standardError.split(separator: "\n").first { $0.contains("was still locked") }
                let (address, port) = TestHosts.reached(lab.cluster[0], of: lab.cluster)
                let place = "node1.\(lab.cluster.name) (\(address):\(port))"
                let words = "\(place) was still locked by a cluster whose process has died, and is cleaned up: "
                #expect(told?.contains(words + "\(NSUserName())@") == true, "\(second.standardError)")
                let dead = "process \(getpid()), cluster first, since 20"
                #expect(told?.contains(dead) == true, "\(second.standardError)")
                #expect(told?.hasSuffix("(process \(holder) there)") == true, "\(second.standardError)")
                #expect(try await lab.on("node1", "ls -d /tmp/cf-*") == command.workspaces.map { "/tmp/\($0)" })
                #expect(try await lab.on("node1", "pgrep -x -f 'sleep 4731'; true") == [])
                let error = try await #require(throws: ClusterError.self) { try await first[0].run("true") }
                #expect(error.node == "node1", "\(error)")
                #expect(try await command.run("down", "successor").exitCode == 0)
                #expect(try await command.left() == [])
            }
            try await first.stop()
            #expect(try await lab.left() == [])
        }
    }

    /// A cluster whose folder there has gone is not looked for in what somebody else has put in its place.
    @Test func whatSomebodyElseHasPutInAFoldersPlaceIsNeitherRunNorRemoved() async throws {
        try await Lab.with { lab in
            let cluster = try await Cluster.start(ClusterConfiguration(backend: .hosts(lab.hosts())))
            try await cluster[0].run("true")
            let holder = try await lab.on("node1", "cut -d ' ' -f 1 /tmp/cluster-fixture.lease/\(cluster.id)")[0]
            let folder = "/tmp/cf-\(cluster.id)"
            try await lab.on(
                "node1",
                """
                pkill -KILL -P \(holder); kill -KILL \(holder); rm -rf \(folder)
                setpriv --reuid 65534 --regid 65534 --clear-groups sh -c \
                    'mkdir -m 777 \(folder) \(folder)/work && echo "touch /tmp/run-by-\\$(id -un)" >\(folder)/hold'
                """)
            for user in User.allCases {
                let error = try await #require(throws: ClusterError.self) { try await cluster[0].run("pwd", as: user) }
                #expect(error.code == .clusterLost, "\(error)")
            }
            try await cluster.stop()
            #expect(try await lab.on("node1", "ls -d /tmp/run-by-* \(folder) 2>/dev/null") == [folder])
        }
    }

    @Test func aClusterThatIsKeptHoldsItsMachinesUntilItIsTakenDown() async throws {
        try await Lab.with { lab in
            let file = try lab.hosts()
            try await CommandLine.with(nil) { command in
                let up = try await command.run("up", "--hosts", file, "--nodes", "2", "--name", "kept")
                try #require(up.exitCode == 0, "\(up.standardError)")
                let list = try await command.run("list")
                #expect(
                    list.standardOutput.contains("kept") && list.standardOutput.contains("hosts"),
                    "\(list.standardOutput)")
                #expect(try await command.run("ssh", "kept/node2", "--", "hostname").standardOutput == "node2\n")
                #expect(
                    try await command.run("ssh", "kept/node1", "--user", "root", "--", "id", "-un").standardOutput
                        == "root\n")
                #expect(try await command.run("exec", "kept/node1", "--", "pwd").standardOutput.hasPrefix("/tmp/cf-"))
                let copied = try await command.run("copy", "/etc/hostname", "kept/node1:name")
                #expect(copied.exitCode == 0, "\(copied.standardError)")
                #expect(try await command.run("exec", "kept/node1", "--", "cat", "name").exitCode == 0)
                #expect(try await command.run("logs", "kept").standardOutput.contains("taken for"))
                #expect(try await lab.on("node1", "ls /tmp/cluster-fixture.lease").count == 1)
                let down = try await command.run("down", "kept")
                #expect(down.exitCode == 0, "\(down.standardError)")
                #expect(try await command.left() == [])
            }
            #expect(try await lab.left() == [])
        }
    }

    @Test func theTypedCommandRemovesAClusterToo() async throws {
        try await Lab.with { lab in
            try await withTemporaryFolder { folder in
                let file = try lab.hosts()
                let command = CommandLine(folder: folder, backend: nil)
                try #require(
                    try await command.run("up", "--hosts", file, "--nodes", "2", "--name", "typed").exitCode == 0)
                let workspace = Workspace(folder: "\(folder)/\(command.workspaces[0])")
                let cluster = try #require(workspace.cluster)
                let summary = ClusterSummary(
                    id: cluster, name: "typed", backend: "hosts", owner: nil, workspace: workspace)
                let line = HostsCluster(summary: summary).removalCommand
                #expect(try await Command("sh", ["-c", line]).output().succeeded, "\(line)")
                #expect(try await lab.left() == [])
                #expect(try await eventually { try ProcessTable.commandLines(containing: folder).isEmpty })
                #expect(try await Command("sh", ["-c", workspace.removalCommand]).output().succeeded)
            }
        }
    }
}
#endif

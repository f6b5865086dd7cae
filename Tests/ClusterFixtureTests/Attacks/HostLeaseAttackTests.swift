#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What other users of an existing machine, or its root, do to get at clusters that take it.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct HostLeaseAttackTests {
    private let stranger = "setpriv --reuid 65534 --regid 65534 --clear-groups"

    /// A file with one machine of the lab's.
    private func one(_ lab: Lab) throws -> String {
        let lines = try String(contentsOfFile: lab.hosts(), encoding: .utf8).split(separator: "\n")
        let rest = lines.filter { !$0.contains("node2.") && !$0.contains("node3.") }
        return try lab.file("one-\(UUID().uuidString).yaml", rest.joined(separator: "\n"))
    }

    /// The lock goes with its folder, and there seems to be only a dead cluster's file in the next one.
    @Test func whoeverOwnsTheLocksFolderEndsNoClusterByIt() async throws {
        try await Lab.with { lab in
            let file = try one(lab)
            try await lab.on("node1", "\(stranger) sh -c 'umask 0; mkdir -m 1777 /tmp/cluster-fixture.lease'")
            try await withCluster(backend: .hosts(file), name: "first") { first in
                try await first[0].run("setsid sleep 4781 >/dev/null 2>&1 &").requireSuccess()
                let script = """
                    umask 0
                    cd /tmp
                    mv cluster-fixture.lease aside
                    mkdir -m 1777 cluster-fixture.lease
                    mv aside/\(first.id) cluster-fixture.lease
                    ls cluster-fixture.lease
                    """
                #expect(try await lab.on("node1", "\(stranger) sh -euc '\(script)'") == ["\(first.id)"])
                try await CommandLine.with(nil) { command in
                    let words = ["up", "--hosts", file, "--name", "second"]
                    let second = try await command.run(words, environment: ["CLUSTER_FIXTURE_HOSTS_WAIT": "1"])
                    #expect(second.exitCode != 0)
                    #expect(second.standardError.contains("process \(getpid()), cluster first"), "\(second)")
                    #expect(try await command.left() == [])
                }
                #expect(try await first[0].run("pgrep -x -f 'sleep 4781'").exitCode == 0)
            }
            #expect(try await lab.left() == [])
        }
    }

    /// Users of a machine take turns, whoever of them was the first, and what has died is cleaned up.
    @Test func aMachineIsUsedOnWhereAStrangerOwnsTheLocksFolder() async throws {
        try await Lab.with { lab in
            let file = try one(lab)
            try await lab.on(
                "node1",
                "\(stranger) sh -c 'umask 0; mkdir -m 1777 /tmp/cluster-fixture.lease; echo x >/tmp/cluster-fixture.lease/x'"
            )
            let first = try await Cluster.start(ClusterConfiguration(backend: .hosts(file), name: "first"))
            try await first[0].run("setsid sleep 4782 >/dev/null 2>&1 &").requireSuccess()
            let holder = try await lab.on("node1", "cut -d ' ' -f 1 /tmp/cluster-fixture.lease/\(first.id)")[0]
            try await lab.on("node1", "pkill -KILL -P \(holder); kill -KILL \(holder)")
            try await withCluster(backend: .hosts(file), name: "second") { second in
                let running = try await lab.on("node1", "pgrep -x -f 'sleep 4782'; true")
                #expect(running == [])
                let folders = try await lab.on("node1", "ls -d /tmp/cf-*")
                #expect(folders == ["/tmp/cf-\(second.id)"])
            }
            try await first.stop()
            #expect(try await lab.on("node1", "ls /tmp/cluster-fixture.lease") == ["x"])
        }
    }

    /// A file of root's may get into anybody's folder: who owns the folder may have moved it there.
    @Test func whatIsNotedInAStrangersFolderEndsNoSession() async throws {
        try await Lab.with { lab in
            let file = try one(lab)
            let first = try await Cluster.start(ClusterConfiguration(backend: .hosts(file), name: "first"))
            let folder = "/tmp/cf-\(first.id)"
            let holder = try await lab.on("node1", "cut -d ' ' -f 1 /tmp/cluster-fixture.lease/\(first.id)")[0]
            let bystander = try await lab.on("node1", "setsid sleep 4783 </dev/null >/dev/null 2>&1 & echo $!")[0]
            try await lab.on(
                "node1",
                """
                pkill -KILL -P \(holder); kill -KILL \(holder); rm -rf \(folder)
                \(stranger) mkdir \(folder)
                echo "\(bystander) $(cut -d ' ' -f 22 /proc/\(bystander)/stat)" >\(folder)/sessions-root
                """)
            try await withCluster(backend: .hosts(file), name: "second") { _ in
                let running = try await lab.on("node1", "pgrep -x -f 'sleep 4783'")
                #expect(running == [bystander])
            }
            try await first.stop()
            #expect(try await lab.on("node1", "ls -d \(folder)") == [folder])
        }
    }

    /// The mark of the shell that takes the machine is on the command line of the login.
    @Test func aMachineThatSaysItsAddressIsAPatternIsNotTaken() async throws {
        try await Lab.with { lab in
            try await lab.on(
                "node1",
                """
                cat >/root/.bashrc <<'END'
                words='(cluster-fixture-[0-9]+) hold ([0-9a-f]{10})'
                [[ $BASH_EXECUTION_STRING =~ $words ]] && echo "${BASH_REMATCH[1]} held /tmp/cf-${BASH_REMATCH[2]} - * 1"
                END
                """)
            let configuration = ClusterConfiguration(backend: .hosts(try one(lab)))
            let error = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
            #expect(error.code == .provisioningFailed && error.message.contains("an address that is none"), "\(error)")
            #expect(try await eventually { try await lab.left() == [] })
        }
    }
}
#endif

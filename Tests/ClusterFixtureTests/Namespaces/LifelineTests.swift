#if os(Linux)
import FixtureTestSupport
import Foundation
import Subprocess
import Testing

@testable import ClusterEmulation

/// The process that holds a cluster together, asked by processes that did not make it.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct LifelineTests {
    private func found(_ name: String) async throws -> any BackendCluster {
        let clusters = try await NamespacesBackend().clusters(includingRemains: false)
        return try #require(clusters.first { $0.summary.name == name })
    }

    @Test func aClusterThatSomebodyElseDetachesOutlivesItsMaker() async throws {
        try await withTemporaryFolder { folder in
            let name = "detached-" + String(Int.random(in: 100_000..<999_999))
            var options = PlatformOptions()
            options.createSession = true
            let cluster = try await Subprocess.run(
                .name("env"), arguments: [VictimProgram.path, name],
                environment: .inherit.updating(["TMPDIR": folder, "CLUSTER_FIXTURE_BACKEND": "namespaces"]),
                platformOptions: options, input: .inputWriter, output: .sequence, error: .discarded
            ) { execution in
                for try await line in execution.standardOutput.strings() where line == "ready" { break }
                let cluster = try await found(name)
                try await cluster.detach()
                #expect(try await cluster.states().values.allSatisfy { $0 == .running })
                try execution.send(signal: .kill)
                return cluster
            }.closureResult
            // Its maker has died; the maker's reaper removes the folder, and the lifeline stays.
            #expect(try await eventually { !FileManager.default.fileExists(atPath: cluster.summary.folder) })
            try await cluster.destroy()
            let error = try await #require(throws: ClusterError.self) { try await cluster.states() }
            #expect(error.code == .clusterLost)
        }
    }

    /// More than have a place at a time: the others wait for one.
    @Test func manyAskAtTheSameTime() async throws {
        try await withCluster(nodes: 2, backend: .namespaces) { cluster in
            let summary = cluster.handle.summary
            let answers = try await withThrowingTaskGroup(of: [String: NodeState].self) { group in
                for _ in 0..<200 { group.addTask { try await NamespaceCluster(summary).states() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 200)
            #expect(answers.allSatisfy { $0 == ["node1": .running, "node2": .running] })
            #expect(try await cluster[0].run("hostname").standardOutput == "node1\n")
        }
    }

    /// A folder that is shared with the nodes may have the cluster's own in it, and other clusters' too. To connect to a socket takes no right to write.
    @Test func aNodeGetsNoAnswer() async throws {
        let above = (Workspace(cluster: .random()).folder as NSString).deletingLastPathComponent
        let mounts = [Mount(above, at: "/mnt", isReadOnly: true)]
        try await withCluster(ClusterConfiguration(backend: .namespaces, mounts: mounts)) { cluster in
            try await withCluster(backend: .namespaces) { other in
                for asked in [cluster, other] {
                    let place = "/mnt/" + (asked.handle.summary.folder as NSString).lastPathComponent
                    let asking = """
                        import os, socket, sys
                        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                        s.connect("\(place)/lifeline.sock")
                        try:
                            if sys.argv[1] == "introduced":
                                socket.send_fds(s, [b"u"], [os.open("/proc/self/ns/user", os.O_RDONLY)])
                            if sys.argv[1] == "crowded":
                                socket.send_fds(s, [b"u"], [0, 1])
                            s.send(bytes([1, 0, 0, 0] + 12 * [0]))
                            print("answered", len(s.recv(100)))
                        except OSError:
                            print("answered 0")
                        """
                    for way in ["at once", "introduced", "crowded"] {
                        let output = try await cluster.handle.execute(["python3", "-c", asking, way], on: "node1")
                        // With root's cluster, the folder is nobody's in there.
                        #expect(!output.succeeded || output.standardOutput == "answered 0\n", "\(output)")
                        #expect(output.succeeded || output.standardError.contains("PermissionError"), "\(output)")
                    }
                    #expect(try await asked[0].run("true").exitCode == 0)
                    #expect(try await NamespaceCluster(asked.handle.summary).states() == ["node1": .running])
                }
            }
        }
    }

    /// A kept cluster's line may be typed days later, when something else has the number of its process.
    @Test func theLineThatRemovesAClusterEndsNoOtherProcess() async throws {
        try await withCluster(backend: .namespaces) { cluster in
            let line = cluster.handle.removalCommand
            let process = try #require(line.firstMatch(of: /\/proc\/(\d+)\//)?.1)
            let other = Process()
            other.executableURL = URL(fileURLWithPath: "/bin/cat")
            other.standardInput = Pipe()
            other.standardOutput = FileHandle.nullDevice
            try other.run()
            let mistaken = line.replacing(process, with: "\(other.processIdentifier)")
            #expect(try await Command("sh", ["-c", mistaken]).output().succeeded)
            #expect(other.isRunning)
            kill(other.processIdentifier, SIGKILL)
            #expect(try await Command("sh", ["-c", line]).output().succeeded)
            let isGone = try await eventually { (try? await NamespaceCluster(cluster.handle.summary).states()) == nil }
            #expect(isGone)
        }
    }

    @Test func aNodeThatRunsAllItCanSaysSo() async throws {
        try await withCluster(backend: .namespaces) { cluster in
            let handle = cluster.handle
            let running = (0..<64).map { _ in Task { try await handle.execute(["sleep", "600"], on: "node1") } }
            let areRunning = try await eventually {
                try await cluster[0].run("pgrep -x -c -f 'sleep 600'").standardOutput == "64\n"
            }
            #expect(areRunning)
            let error = try await #require(throws: ClusterError.self) {
                try await handle.execute(["true"], on: "node1")
            }
            #expect(
                error.message.contains("node1 can't run `true`: as many programs as it can take run there already."))
            for task in running { task.cancel() }
            for task in running { _ = await task.result }
            let hasRoom = try await eventually {
                (try? await handle.execute(["hostname"], on: "node1").standardOutput) == "node1\n"
            }
            #expect(hasRoom)
        }
    }

    /// Clusters of older versions have no socket.
    @Test func aClusterWithoutASocketIsListedAndCanBeRemoved() async throws {
        try await CommandLine.with(.namespaces) { command in
            let name = "old-" + String(Int.random(in: 100_000..<999_999))
            try #require(try await command.run("up", "--name", name).exitCode == 0)
            let folder = try await found(name).summary.folder
            try FileManager.default.removeItem(atPath: folder + "/lifeline.sock")
            #expect(try await command.run("list").standardOutput.contains(name))
            #expect(try await command.run("ssh", name, "--", "hostname").standardOutput == "node1\n")
            let kill = try await command.run("kill", name + "/node1")
            #expect(kill.exitCode == 64)
            #expect(
                kill.standardError.contains(
                    "Cluster \(name) does not answer: its socket \(folder)/lifeline.sock is missing."))
            #expect(kill.standardError.contains("`cluster-fixture down \(name)`"))
            #expect(try await command.run("logs", name).standardOutput.contains("Accepted publickey"))
            #expect(try await command.run("down", name).exitCode == 0)
            #expect(try await command.left() == [])
        }
    }

    /// What a dead maker and a dead reaper leave, if the cluster had come no further than this.
    @Test(.requiresRoot) func theLimitsOfAClusterThatNeverWasAreRemains() async throws {
        let workspace = Workspace(cluster: .random())
        let cluster = try #require(workspace.cluster)
        let dead = ProcessIdentity(
            machine: ProcessIdentity.current.machine, processID: ProcessIdentity.current.processID, started: "1")
        try workspace.create(for: "namespaces", owner: dead)
        let limits = NodeLimits(memory: 64 << 20)
        for group in try NodeCgroups.make(
            cluster, "node1", index: 0, limits, in: NodeCgroups.hierarchies(for: [limits]))
        { close(group) }
        #expect(NodeCgroups.clusters().contains(cluster))
        // Another process that starts a cluster at this moment may be quicker, and sweep it for us.
        await Leftovers.sweep(NamespacesBackend())
        #expect(!NodeCgroups.clusters().contains(cluster))
        #expect(!FileManager.default.fileExists(atPath: workspace.folder))
    }
}
#endif

import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// A cluster answers whoever holds it: the process that made it, and any other process of the same user.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct HandleTests {
    /// Where the handle of a cluster comes from.
    enum Origin: String, CaseIterable, Sendable {
        /// This process has made the cluster.
        case made
        /// Another process has made it, and has ended.
        case found
    }

    /// Runs a closure with a cluster of two nodes, and removes the cluster after it.
    private func withHandle(
        _ origin: Origin, on backend: BackendUnderTest, _ body: (any BackendCluster) async throws -> Void
    ) async throws {
        switch origin {
        case .made: try await withCluster(nodes: 2, backend: backend.choice) { try await body($0.handle) }
        case .found:
            try await CommandLine.with(backend) { command in
                let handle = try await foundHandle(command, on: backend)
                try await body(handle)
                try await ListedCluster(handle).remove()
                #expect(try await command.left() == [])
            }
        }
    }

    /// A cluster of another process's, as the backend finds it.
    private func foundHandle(_ command: CommandLine, on backend: BackendUnderTest) async throws -> any BackendCluster {
        let name = "handle-" + String(Int.random(in: 100_000..<999_999))
        let up = try await command.run("up", "--nodes", "2", "--name", name)
        try #require(up.exitCode == 0, "\(up.standardError)")
        let clusters = try await backend.choice.resolve().clusters(includingRemains: false)
        return try #require(clusters.first { $0.summary.name == name })
    }

    @Test(arguments: try await BackendUnderTest.usable(), Origin.allCases)
    func theHandleSaysWhoTheNodesAre(backend: BackendUnderTest, origin: Origin) async throws {
        try await withHandle(origin, on: backend) { cluster in
            #expect(cluster.summary.backend == backend.rawValue)
            #expect(cluster.nodes.map(\.name) == ["node1", "node2"])
            let inventory = try #require(cluster.summary.inventory)
            #expect(inventory.nodes.map { ProvisionedNode($0) } == cluster.nodes)
            #expect(cluster.nodes.allSatisfy { (backend == .swarm || $0.host == "127.0.0.1") && $0.role == nil })
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(), Origin.allCases)
    func aKilledNodeHasEndedForEverybody(backend: BackendUnderTest, origin: Origin) async throws {
        try await withHandle(origin, on: backend) { cluster in
            #expect(try await cluster.states() == ["node1": .running, "node2": .running])
            let end = Task { try await cluster.ends().first { _ in true } }
            let killing = try #require(cluster as? any NodePower)
            try await killing.kill("node2")
            #expect(try await cluster.states() == ["node1": .running, "node2": .exited(code: 137)])
            // Whoever was waiting hears of it, and so does whoever asks later.
            #expect(try await end.value == EndedNode(name: "node2", exitCode: 137))
            #expect(try await cluster.ends().first { _ in true } == EndedNode(name: "node2", exitCode: 137))
            let others = try await backend.choice.resolve().clusters(includingRemains: false)
            let other = try #require(others.first { $0.summary.id == cluster.summary.id })
            #expect(try await other.states()["node2"] == .exited(code: 137))
            // A second time it stays as it is.
            try await killing.kill("node2")
            let error = try await #require(throws: ClusterError.self) { try await killing.kill("node3") }
            #expect(error.code == .noCluster && error.node == "node3")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(), Origin.allCases)
    func aProgramRunsAsRootWithoutSSH(backend: BackendUnderTest, origin: Origin) async throws {
        try await withHandle(origin, on: backend) { cluster in
            // What is broken: nobody can log in.
            let broken = try await cluster.execute(["chmod", "000", "/usr/sbin/sshd"], on: "node2")
            #expect(broken.exitCode == 0, "\(broken.complaint)")
            let script = "hostname; id -un; pwd; echo \"$PATH $HOME\"; env | wc -l; cat; echo oops >&2; exit 7"
            let output = try await cluster.execute(["sh", "-c", script], on: "node2", input: Array("in\n".utf8))
            #expect(output.exitCode == 7)
            #expect(output.standardError == "oops\n")
            let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            let lines = output.lines
            #expect(lines.prefix(4) == ["node2", "root", "/root", path + " /root"])
            #expect(lines.last == "in")
            // The shell's own PWD; and an engine's HOSTNAME.
            #expect(Int(lines[4].trimmingCharacters(in: .whitespaces)).map { $0 <= 4 } == true)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(), Origin.allCases)
    func whatAProgramIsGivenAndPrintsArrivesWhole(backend: BackendUnderTest, origin: Origin) async throws {
        try await withHandle(origin, on: backend) { cluster in
            let words = ["$(id)", "a b", "it's", "", "-rf", "--", "a\nb", "é"]
            let printed = try await cluster.execute(["printf", "%s|"] + words, on: "node1")
            #expect(printed.standardOutput == words.map { $0 + "|" }.joined())
            let large = [UInt8](String(repeating: "0123456789abcde\n", count: 100_000).utf8)
            let echoed = try await cluster.execute(["cat"], on: "node1", input: large)
            #expect(echoed.standardOutput.utf8.elementsEqual(large))
            // A program need not read what it is given.
            #expect(try await cluster.execute(["true"], on: "node1", input: large).exitCode == 0)
            // What it leaves running is not waited for.
            let left = try await cluster.execute(["sh", "-c", "sleep 600 & echo begun"], on: "node1")
            #expect(left.standardOutput == "begun\n")
            #expect(try await cluster.execute(["sh", "-c", "kill -9 $$"], on: "node1").exitCode == 137)
            let missing = try await cluster.execute(["no-such-program"], on: "node1")
            #expect([126, 127].contains(missing.exitCode))
            for refused in [[], [""], ["echo", "a\0b"]] {
                let error = try await #require(throws: ClusterError.self) {
                    try await cluster.execute(refused, on: "node1")
                }
                #expect(error.code == .invalidConfiguration)
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(), Origin.allCases)
    func onANodeThatHasEndedNothingRuns(backend: BackendUnderTest, origin: Origin) async throws {
        try await withHandle(origin, on: backend) { cluster in
            let running = Task {
                try await cluster.execute(["sh", "-c", "touch begun && exec sleep 600"], on: "node2")
            }
            let hasBegun = try await eventually {
                try await cluster.execute(["test", "-e", "begun"], on: "node2").exitCode == 0
            }
            #expect(hasBegun)
            try await #require(cluster as? any NodePower).kill("node2")
            for attempt in [running, Task { try await cluster.execute(["true"], on: "node2") }] {
                let error = try await #require(throws: ClusterError.self) { try await attempt.value }
                #expect(error.code == .connectionLost)
                #expect(error.node == "node2")
            }
            #expect(try await cluster.execute(["hostname"], on: "node1").standardOutput == "node1\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(), Origin.allCases)
    func theLogsTellOfLogins(backend: BackendUnderTest, origin: Origin) async throws {
        try await withHandle(origin, on: backend) { cluster in
            let logs = try await cluster.logs()
            #expect(Set(logs.keys) == ["node1", "node2"])
            #expect(logs["node2"]?.contains("Accepted publickey for ubuntu") == true)
            let (node, program) = try #require(try cluster.followLogs(of: ["node2"]).first)
            #expect(node == "node2")
            let (heard, continuation) = AsyncStream.makeStream(of: String.self)
            let following = Task { try await program.eachLine { continuation.yield($0) } }
            #expect(await heard.first { $0.contains("Accepted publickey for ubuntu") } != nil)
            try await cluster.destroy()
            #expect(try await following.value == 0)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), Origin.allCases)
    func whoeverHoldsAClusterCanDestroyIt(backend: BackendUnderTest, origin: Origin) async throws {
        try await withHandle(origin, on: backend) { cluster in
            try await cluster.destroy()
            try await cluster.destroy()
            let error = try await #require(throws: ClusterError.self) { try await cluster.states() }
            #expect(error.code == .clusterLost)
            let left = try await backend.choice.resolve().clusters(includingRemains: true)
            #expect(!left.contains { $0.summary.id == cluster.summary.id })
        }
    }
}

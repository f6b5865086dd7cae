import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What the command line does to nodes without SSH.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct NodeCommandTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func nodesAreKilledAndProgramsRunWithoutSSH(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = "cli-" + String(Int.random(in: 100_000..<999_999))
            let up = try await command.run("up", "--nodes", "2", "--name", name)
            try #require(up.exitCode == 0, "\(up.standardError)")
            // Nobody gets in by SSH any more.
            let lost = try await command.run(
                "exec", name + "/node2", "--", "rm", "-r", "/root/.ssh", "/home/ubuntu/.ssh")
            #expect(lost.exitCode == 0, "\(lost.standardError)")
            let script = "hostname; id -un; cat; echo oops >&2; exit 7"
            let words = ["exec", name + "/node2", "--", "sh", "-c", script]
            let exec = try await Command(CommandLine.path, words, environment: command.environment)
                .output(input: Array("in\n".utf8))
            #expect(exec.exitCode == 7)
            #expect(exec.standardOutput == "node2\nroot\nin\n")
            #expect(exec.standardError == "oops\n")
            #expect(try await command.run("exec", name + "/node1", "--", "hostname").standardOutput == "node1\n")
            // Whoever has read enough ends it.
            let pipe = try await Command(
                "sh", ["-c", "\"$1\" exec \"$2\" -- yes | head -n 1", "sh", CommandLine.path, name + "/node1"],
                environment: command.environment
            ).output(limit: .seconds(60))
            #expect(pipe.standardOutput == "y\n", "\(pipe.standardError)")

            let kill = try await command.run("kill", name + "/node2")
            #expect(kill.exitCode == 0, "\(kill.standardError)")
            #expect(kill.standardOutput == "")
            #expect(kill.standardError.contains("node2 of \(name) has ended"))
            let late = try await command.run("exec", name + "/node2", "--", "true")
            #expect(late.exitCode == 70)
            #expect(late.standardError.contains("node2 can't run"))
            #expect(try await command.run("ssh", name + "/node1", "--", "hostname").standardOutput == "node1\n")
            let near = try await command.run("kill", name + "/nod2")
            #expect(near.exitCode == 64 && near.standardError.contains("Did you mean node"))
            #expect(try await command.run("down", name).exitCode == 0)
            #expect(try await command.left() == [])
        }
    }

    #if os(Linux)
    @Test(.requiresNamespaces) func aProgramThatNobodyWaitsForIsKilled() async throws {
        try await withCluster(backend: .namespaces) { cluster in
            let running = Task { try await cluster.handle.execute(["sleep", "4713"], on: "node1") }
            @Sendable func isRunning() async throws -> Bool {
                try await cluster[0].run("pgrep -x -f 'sleep 4713'").exitCode == 0
            }
            try await #require(eventually { try await isRunning() })
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
            let hasEnded = try await eventually { try await !isRunning() }
            #expect(hasEnded)
        }
    }

    @Test(.requiresNamespaces, .requiresRoot) func aProgramIsHeldToTheNodesLimits() async throws {
        try await withCluster(backend: .namespaces, configure: { $0.limits.memory = 64 << 20 }) { cluster in
            let words = ["python3", "-c", "x = bytearray(200 << 20); print(len(x))"]
            let hog = try await cluster.handle.execute(words, on: "node1")
            #expect(hog.exitCode == 137)
            #expect(try await cluster.handle.execute(["hostname"], on: "node1").standardOutput == "node1\n")
        }
    }
    #endif
}

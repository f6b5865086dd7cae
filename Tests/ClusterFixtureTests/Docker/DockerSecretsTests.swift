import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// No secret is where others could read it.
@Suite(.requiresDocker, .timeLimit(.minutes(5)))
struct DockerSecretsTests {
    private let engine = DockerEngine()

    @Test func inspectAndTheProcessTableShowNone() async throws {
        let configuration = ClusterConfiguration(backend: .docker, environment: ["TOKEN": "hunter2-of-the-cluster"])
        try await withCluster(configuration) { cluster in
            let containers = try await engine.ask(DockerArguments.containers(of: cluster.clusterID)).standardOutput
            let ids = containers.split(separator: "\n").map(String.init)
            #expect(ids.count == 1)
            let inspected = try await engine.ask(["inspect"] + ids).standardOutput
            #expect(!inspected.contains("hunter2"))
            #expect(!inspected.contains("PRIVATE KEY"))
            let running = Task {
                try await cluster[0].run("echo \"$TOKEN $MINE\"; sleep 3", environment: ["MINE": "hunter2-of-mine"])
            }
            #expect(try await eventually { try await cluster[0].run("pgrep -x sleep").exitCode == 0 })
            #expect(try ProcessTable.commandLines(containing: "hunter2").isEmpty)
            #expect(try await running.value.standardOutput == "hunter2-of-the-cluster hunter2-of-mine\n")
        }
    }

    @Test func theImageHasNoKeys() async throws {
        let image = try await DockerImages(engine: engine).ensure(.node, timeline: Timeline(Progress()))
        let output = try await engine.ask([
            "run", "--rm", "--entrypoint", "find", image, "/etc/ssh", "/root", "/home", "/opt", "-name", "*_ed25519",
            "-o", "-name", "ssh_host_*",
        ])
        #expect(output.exitCode == 0)
        #expect(output.standardOutput.isEmpty)
    }

    @Test func aKnownImageIsFoundAgainWithoutABuild() async throws {
        let images = DockerImages(engine: engine)
        let first = try await images.ensure(.node, timeline: Timeline(Progress()))
        let said = Locked<[String]>([])
        let second = try await images.ensure(
            .node, timeline: Timeline(Progress { line in said.withLock { $0.append(line) } }))
        #expect(first == second)
        #expect(said.withLock { $0.isEmpty })
    }

    @Test func portsAreOnLoopbackOnly() async throws {
        try await withCluster(backend: .docker, configure: { $0.ports = [8787] }) { cluster in
            let bindings = try await engine.ask(["port", DockerArguments.container(cluster.clusterID, "node1")])
                .standardOutput
            let lines = bindings.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.allSatisfy { $0.contains("-> 127.0.0.1:") })
        }
    }
}

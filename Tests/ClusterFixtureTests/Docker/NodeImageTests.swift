import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What the node image does when it is run by hand, and with keys of the user's own.
@Suite(.requiresDocker, .timeLimit(.minutes(5)))
struct NodeImageTests {
    private let engine = DockerEngine()

    @Test(arguments: [[], ["--tty"]]) func sshdIsAServiceThatTheNodeOutlivesAndStopsAtOnce(options: [String])
        async throws
    {
        let image = try await DockerImages(engine: engine).ensure(.node, timeline: Timeline(Progress()))
        let container = try await engine.ask(["run", "--detach"] + options + [image]).lines[0]
        let sshdIsUp = try await eventually {
            let log = try await engine.ask(["logs", container])
            return (log.standardOutput + log.standardError).contains("Server listening")
        }
        #expect(sshdIsUp)
        #expect(try await engine.ask(["exec", container, "cat", "/proc/1/comm"]).lines == ["start-node"])
        #expect(try await engine.ask(["exec", container, "service", "ssh", "stop"]).exitCode == 0)
        #expect(try await engine.ask(["exec", container, "service", "ssh", "start"]).exitCode == 0)
        // Docker gives ten seconds, and then kills: 137.
        #expect(try await engine.ask(["stop", container]).exitCode == 0)
        let code = try await engine.ask(["inspect", "--format", "{{.State.ExitCode}}", container]).lines
        #expect(code != ["137"])
        #expect(try await engine.ask(["rm", container]).exitCode == 0)
    }

    @Test func keysOfTheUsersOwnLetTheTestIn() async throws {
        try await withTemporaryFolder { folder in
            for user in ["root", "mock_ubuntu"] {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(user)", withIntermediateDirectories: true)
                _ = try await KeyPair.generate("\(folder)/\(user)/id_ed25519")
            }
            // A process of its own, since the folder is named by the environment. It logs in as both users.
            let victim = Command(VictimProgram.path, ["own-keys"], environment: ["CLUSTER_FIXTURE_SSH": folder])
            let output = try await victim.output(limit: .seconds(120))
            #expect(output.exitCode == 0, "\(output.standardError)")
            #expect(output.lines.contains("logs in with \(folder)/root/id_ed25519"))
            #expect(output.lines.last == "stopped")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/root").count == 2)
        }
    }
}

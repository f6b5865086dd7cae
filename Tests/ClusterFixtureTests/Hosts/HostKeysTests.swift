#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Whose keys open existing machines: what OpenSSH itself would take.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct HostKeysTests {
    /// Gives a closure the socket of an agent, which has ended after it.
    private func withAgent(in folder: String, _ body: (String) async throws -> Void) async throws {
        let socket = folder + "/agent"
        let begun = try await Command("ssh-agent", ["-s", "-a", socket]).output()
        let told = begun.standardOutput.firstMatch(of: /SSH_AGENT_PID=([0-9]+);/)
        let agent = try #require(told.flatMap { Int32($0.1) }, "\(begun.complaint)")
        let result: Result<Void, any Error>
        do { result = .success(try await body(socket)) } catch { result = .failure(error) }
        #expect(kill(agent, SIGTERM) == 0)
        #expect(try await eventually { !FileManager.default.fileExists(atPath: socket) })
        try result.get()
    }

    @Test func aKeyThatOnlyAnAgentHasIsEnough() async throws {
        try await Lab.with { lab in
            let machines = lab.cluster.nodes.map { node in
                let (address, port) = TestHosts.reached(node, of: lab.cluster)
                return "  - {name: \(node.name), address: \(address), port: \(port)}\n"
            }
            let file = try lab.file(
                "agent.yaml",
                "user: ubuntu\nroot: true\nknownHosts: \(lab.cluster.knownHostsFile)\nhosts:\n" + machines.joined())
            try await withAgent(in: lab.folder) { socket in
                try await CommandLine.with(nil) { command in
                    let environment = ["SSH_AUTH_SOCK": socket]
                    // Without the key nobody gets in, whatever else this user has.
                    let closed = try await command.run("up", "--hosts", file, environment: environment)
                    #expect(closed.exitCode != 0)
                    #expect(closed.standardError.contains("node1 ("), "\(closed.standardError)")
                    #expect(closed.standardError.contains("lets root not in"), "\(closed.standardError)")
                    #expect(closed.standardError.contains("the key is in an agent"), "\(closed.standardError)")
                    let key = lab.cluster[0].identityFile(for: .root)
                    let added = try await Command("ssh-add", ["-q", key], environment: environment).output()
                    try #require(added.succeeded, "\(added.complaint)")

                    let words = ["up", "--hosts", file, "--nodes", "2", "--name", "agents"]
                    let up = try await command.run(words, environment: environment)
                    try #require(up.exitCode == 0, "\(up.standardError)")
                    for (words, output) in [
                        (["ssh", "agents/node2", "hostname; id -un"], "node2\nubuntu\n"),
                        (["ssh", "root@agents/node1", "id", "-un"], "root\n"),
                        (["each", "agents", "--at-most", "1", "--", "id", "-un"], "node1: ubuntu\nnode2: ubuntu\n"),
                        (["exec", "agents/node1", "--", "id", "-un"], "root\n"),
                    ] {
                        let ran = try await command.run(words, environment: environment)
                        #expect(ran.standardOutput == output, "\(words): \(ran.complaint)")
                    }
                    let copied = try await command.run(
                        "copy", "/etc/hostname", "agents/node1:name", environment: environment)
                    #expect(copied.exitCode == 0, "\(copied.standardError)")
                    let down = try await command.run("down", "agents", environment: environment)
                    #expect(down.exitCode == 0, "\(down.standardError)")
                    let run = try await command.run(
                        ["run", "--hosts", file, "--", "ssh", "node1", "hostname"], environment: environment)
                    #expect(run.standardOutput == "node1\n", "\(run.standardError)")
                    #expect(try await command.left() == [])
                }
            }
            #expect(try await lab.left() == [])
        }
    }

    @Test func anAgentThatAnSSHConfigurationNamesIsAsked() async throws {
        try await Lab.with { lab in
            let machines = lab.cluster.nodes.map { node in
                let (address, port) = TestHosts.reached(node, of: lab.cluster)
                return "Host \(node.name)\n  HostName \(address)\n  Port \(port)\n"
            }
            try await withAgent(in: lab.folder) { socket in
                let common = """
                    Host *
                      User ubuntu
                      IdentityAgent \(socket)
                      UserKnownHostsFile \(lab.cluster.knownHostsFile)
                    """
                let file = try lab.file("config", machines.joined() + common)
                let configuration = ClusterConfiguration(nodes: 2, backend: .hosts(file))
                let closed = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
                #expect(closed.message.contains("lets ubuntu not in"), "\(closed)")
                let key = lab.cluster[0].identityFile()
                let added = try await Command("ssh-add", ["-q", key], environment: ["SSH_AUTH_SOCK": socket]).output()
                try #require(added.succeeded, "\(added.complaint)")
                try await withCluster(configuration) { cluster in
                    for node in cluster.nodes {
                        let result = try await node.run("hostname; id -un")
                        #expect(result.lines == [node.name, "ubuntu"])
                    }
                    let ssh = Command("ssh", ["-F", cluster.sshConfigurationFile, "node2", "hostname"])
                    let output = try await ssh.output()
                    #expect(output.standardOutput == "node2\n", "\(output.complaint)")
                }
            }
            #expect(try await lab.left() == [])
        }
    }
}
#endif

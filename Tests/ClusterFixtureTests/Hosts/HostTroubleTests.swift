#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Machines that can't be had are told of by name, with what can be done; nothing is left on any.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct HostTroubleTests {
    private func failure(_ nodes: Int, _ file: String) async throws -> ClusterError {
        let configuration = ClusterConfiguration(nodes: nodes, backend: .hosts(file))
        return try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
    }

    @Test func aKeyThatNobodyHasPinnedIsRefusedWithTheLineThatPinsIt() async throws {
        try await Lab.with { lab in
            let known = try lab.file("known", "")
            let file = try lab.hosts(knownHosts: known)
            let error = try await failure(2, file)
            #expect(error.code == .provisioningFailed)
            #expect(error.message.contains("No host key of node1."), "\(error)")
            #expect(error.log.contains(lab.cluster[0].hostKey) && error.log.contains("SHA256:"), "\(error)")
            #expect(try String(contentsOfFile: known, encoding: .utf8).isEmpty)
            // What is told is what it takes.
            let lines = error.log.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0 + "\n" }.joined()
            try lines.write(toFile: known, atomically: true, encoding: .utf8)
            try await withCluster(nodes: 2, backend: .hosts(file)) { cluster in
                let name = try await cluster[1].run("hostname").standardOutput
                #expect(name == "node2\n")
            }
            #expect(try await lab.left() == [])
        }
    }

    @Test func aKeyThatHasChangedIsRefused() async throws {
        try await Lab.with { lab in
            let other = try await KeyPair.generate(lab.folder + "/other").publicKey
            let keys = try String(contentsOfFile: lab.cluster.knownHostsFile, encoding: .utf8)
            let known = try lab.file("known", keys.replacing(lab.cluster[0].hostKey, with: other))
            let file = try lab.hosts(knownHosts: known)
            try await lab.cluster.under(.ssh(.hostKeyChanged, on: "node1")) {
                let error = try await failure(3, file)
                #expect(error.message.contains("The host key of node1."), "\(error)")
                #expect(error.message.contains("has changed") && error.message.contains("SHA256:"), "\(error)")
                #expect(error.remedy.contains("ssh-keygen -R"))
            }
            #expect(try await lab.left() == [])
        }
    }

    @Test func aMachineThatIsDownIsLeftOutOrNamed() async throws {
        try await Lab.with { lab in
            let file = try lab.hosts()
            try await lab.cluster["node2"].kill()
            try await withCluster(nodes: 2, backend: .hosts(file)) { cluster in
                let names = [try await cluster[0].run("hostname").lines, try await cluster[1].run("hostname").lines]
                #expect(names == [["node1"], ["node3"]])
            }
            let error = try await failure(3, file)
            #expect(error.message.contains("needs 3 machines") && error.message.contains("node2."), "\(error)")
            #expect(error.message.contains("can't be reached as root"), "\(error)")
            let few = try await failure(4, file)
            #expect(few.code == .invalidConfiguration && few.message.contains("needs 4 machines"), "\(few)")
            let missing = try await failure(1, lab.folder + "/hots.yaml")
            #expect(missing.message.contains("hots.yaml can't be read: there is no such file"), "\(missing)")
        }
    }

    /// What csh and fish make of lines is another thing. Their names tell.
    @Test(arguments: ["tcsh", "fish"]) func aLoginShellThatReadsOtherLinesIsNamed(shell: String) async throws {
        try await Lab.with { lab in
            let path = "/usr/local/bin/\(shell)"
            let line = "ln -s /bin/bash \(path) && usermod --shell \(path) ubuntu"
            try await lab.cluster["node2"].run(line, as: .root).requireSuccess()
            let file = try lab.hosts()
            let error = try await failure(3, file)
            #expect(error.message.contains("the login shell of ubuntu is \(path)"), "\(error)")
            try await withCluster(nodes: 2, backend: .hosts(file)) { cluster in
                let name = try await cluster[1].run("hostname").standardOutput
                #expect(name == "node3\n")
            }
            #expect(try await lab.left() == [])
        }
    }

    @Test func aMachineThatIsLostTakesNobodyElseAlong() async throws {
        try await Lab.with { lab in
            let file = try lab.hosts()
            let cluster = try await Cluster.start(ClusterConfiguration(nodes: 2, backend: .hosts(file)))
            try await cluster[1].run("true")
            try await lab.cluster["node2"].kill()
            let error = try await #require(throws: ClusterError.self) { try await cluster[1].run("true") }
            #expect(error.code == .connectionLost && error.node == "node2", "\(error)")
            #expect(try await cluster[0].run("hostname").standardOutput == "node1\n")
            let left = try await #require(throws: ClusterError.self) { try await cluster.stop() }
            #expect(left.code == .teardownFailed && left.message.contains("node2"), "\(left)")
            #expect(try await eventually { !FileManager.default.fileExists(atPath: "/tmp/cf-\(cluster.id)") })
            #expect(try await lab.on("node1", "ls -d /tmp/cf-* 2>/dev/null; true") == [])
        }
    }

    @Test func aBastionIsGoneThroughAndItsKeyIsCheckedToo() async throws {
        try await Lab.with { lab in
            func file(_ known: String) throws -> String {
                let nodes = lab.cluster.nodes.map { node in
                    let (address, port) = TestHosts.reached(node, of: lab.cluster)
                    return
                        "{name: \(node.name), address: \(node.name == "node3" ? address : node.ip), port: \(node.name == "node3" ? port : 22)}"
                }
                return try lab.file(
                    "behind-\(UUID().uuidString).yaml",
                    """
                    user: ubuntu
                    knownHosts: \(known)
                    identityFile: \(lab.cluster[0].identityFile())
                    proxyJump: node3
                    bastions: [\(nodes[2])]
                    hosts: [\(nodes[0]), \(nodes[1])]
                    """)
            }
            let keys = try String(contentsOfFile: lab.cluster.knownHostsFile, encoding: .utf8)
            try await withCluster(nodes: 2, backend: .hosts(file(lab.cluster.knownHostsFile))) { cluster in
                for node in cluster.nodes {
                    let result = try await node.run("hostname; echo $SSH_CLIENT")
                    #expect(result.lines[0] == node.name && result.lines[1].hasPrefix(lab.cluster[2].ip + " "))
                }
                let ssh = ["-F", cluster.sshConfigurationFile, "node2", "hostname"]
                #expect(try await Command("ssh", ssh).output().standardOutput == "node2\n")
                #expect(cluster.hostIP == nil)
            }
            let without = keys.split(separator: "\n").filter { !$0.contains("node3") }.map { $0 + "\n" }.joined()
            let error = try await failure(1, file(try lab.file("known", without)))
            #expect(error.message.contains("No host key of node3"), "\(error)")
            #expect(try await lab.left() == [])
        }
    }
}
#endif

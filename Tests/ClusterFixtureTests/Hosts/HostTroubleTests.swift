#if os(Linux)
import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

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

    /// Its connection lives, and nobody is there.
    @Test func aHolderThatStandsStillHoldsNobodyUp() async throws {
        try await Lab.with { lab in
            let ssh = ["-F", lab.cluster.sshConfigurationFile, "-T", "-o", "ControlPath=none", "-l", "root", "--"]
            let id = ClusterID.random()
            let answer = try await HostLease.take(
                ssh + ["node1"], cluster: id, base: "/tmp", login: "root", owner: ["me", "here"])
            guard case .held(let lease, let facts) = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(facts.folder == "/tmp/cf-\(id)")
            let holder = try await lab.on("node1", "cut -d ' ' -f 1 /tmp/cluster-fixture.lease/\(id)")[0]
            try await lab.on("node1", "kill -STOP \(holder)")
            let begun = ContinuousClock.now
            #expect(await lease.end(within: .seconds(1)) == "it does not answer")
            #expect(ContinuousClock.now - begun < .seconds(30))
            try await lab.on("node1", "kill -CONT \(holder)")
            #expect(try await eventually { try await lab.left() == [] })
        }
    }

    /// Where it stands that machines are reached through another one, which is called gate.
    enum Way: CaseIterable, Sendable {
        case list, openSSH
        /// With the gate in the inventory.
        case ansible
        /// With the gate in an ssh_config, as Ansible's own ssh has to have it.
        case ansibleAndOpenSSH
    }

    private func file(_ way: Way, of lab: Lab, knownHosts: String) throws -> String {
        let (address, port) = TestHosts.reached(lab.cluster[2], of: lab.cluster)
        let (key, names) = (lab.cluster[0].identityFile(), lab.cluster.nodes.prefix(2).map { ($0.name, $0.ip) })
        let name = "behind-\(UUID().uuidString)"
        let gate = """
            Host gate
              HostName \(address)
              Port \(port)
            Host *
              User ubuntu
              IdentityFile \(key)
              UserKnownHostsFile \(knownHosts)

            """
        func inventory(_ gate: String, _ arguments: String) -> String {
            """
            [machines]
            \(names.map { "\($0) ansible_host=\($1)" }.joined(separator: "\n"))
            \(gate)
            [all:vars]
            ansible_user=ubuntu
            ansible_ssh_private_key_file=\(key)
            ansible_ssh_extra_args='-o UserKnownHostsFile=\(knownHosts)'
            [machines:vars]
            ansible_ssh_common_args='\(arguments)'
            """
        }
        switch way {
        case .list:
            return try lab.file(
                name + ".yaml",
                """
                user: ubuntu
                knownHosts: \(knownHosts)
                identityFile: \(key)
                proxyJump: gate
                bastions: [{name: gate, address: \(address), port: \(port)}]
                hosts: [\(names.map { "{name: \($0), address: \($1)}" }.joined(separator: ", "))]
                """)
        case .openSSH:
            return try lab.file(
                name, names.map { "Host \($0)\n  HostName \($1)\n  ProxyJump gate\n" }.joined() + gate)
        case .ansible:
            return try lab.file(
                name, inventory("[gates]\ngate ansible_host=\(address) ansible_port=\(port)", "-J gate"))
        case .ansibleAndOpenSSH:
            return try lab.file(name, inventory("", "-F \(lab.file(name + ".config", gate)) -J gate"))
        }
    }

    @Test(arguments: Way.allCases) func aBastionIsGoneThroughAndItsKeyIsCheckedToo(way: Way) async throws {
        try await Lab.with { lab in
            let file = try file(way, of: lab, knownHosts: lab.cluster.knownHostsFile)
            try await withCluster(nodes: 2, backend: .hosts(file)) { cluster in
                for node in cluster.nodes {
                    let result = try await node.run("hostname; echo $SSH_CLIENT")
                    #expect(result.lines[0] == node.name && result.lines[1].hasPrefix(lab.cluster[2].ip + " "))
                }
                let ssh = ["-F", cluster.sshConfigurationFile, "node2", "hostname"]
                #expect(try await Command("ssh", ssh).output().standardOutput == "node2\n")
                #expect(cluster.hostIP == nil)
            }
            // The gate itself is none of the machines.
            let few = try await failure(3, file)
            #expect(few.message.contains("needs 3 machines, and \(file) has 2"), "\(few)")
            let keys = try String(contentsOfFile: lab.cluster.knownHostsFile, encoding: .utf8)
            let without = keys.split(separator: "\n").filter { !$0.contains("node3") }.map { $0 + "\n" }.joined()
            let closed = try self.file(way, of: lab, knownHosts: lab.file("known", without))
            let error = try await failure(1, closed)
            #expect(error.message.contains("No host key of gate"), "\(error)")
            #expect(try await lab.left() == [])
        }
    }
}
#endif

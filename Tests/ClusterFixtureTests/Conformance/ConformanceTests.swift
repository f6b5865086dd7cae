import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What every backend promises, asked of each one that this machine has.
@Suite(.requiresBackend, ConformanceClusters(needs: [.root]), .timeLimit(.minutes(5)))
struct ConformanceTests {

    @Test(arguments: try await BackendUnderTest.usable()) func everyNodeIsAMachineOfItsOwn(backend: BackendUnderTest)
        async throws
    {
        let cluster = try backend.cluster
        #expect(cluster.nodes.map(\.name) == ["node1", "node2", "node3"])
        #expect(cluster.nodes.map(\.index) == [0, 1, 2])
        for node in cluster.nodes {
            #expect(try await node.run("hostname").standardOutput == "\(node.name)\n")
            #expect(backend == .swarm || node.host == "127.0.0.1")
            #expect(try await node.run("hostname -I").standardOutput.split(separator: " ").contains(Substring(node.ip)))
            #expect(cluster[node.index] == node)
            #expect(cluster[node.name] == node)
        }
        #expect(Set(cluster.nodes.map(\.ip)).count == 3)
        var machines: Set<String> = []
        for node in cluster.nodes {
            machines.insert(try await node.run("grep -xE '[0-9a-f]{32}' /etc/machine-id").standardOutput)
        }
        #expect(machines.count == 3 && !machines.contains(""))
        #expect(Set(cluster.nodes.map(\.hostKey)).count == 3)
        try await cluster[0].run("touch /tmp/only-here").requireSuccess()
        #expect(try await cluster[1].run("test -e /tmp/only-here").exitCode == 1)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), User.allCases) func usersAreWhoTheyShouldBe(
        backend: BackendUnderTest, user: User
    )
        async throws
    {
        let node = try backend.cluster[0]
        #expect(try await node.run("id -un", as: user).standardOutput == "\(user)\n")
        #expect(try await node.run("id -u", as: user).standardOutput == (user == .root ? "0\n" : "1000\n"))
        #expect(try await node.run("cat /etc/shadow", as: user).exitCode == (user == .root ? 0 : 1))
        #expect(try await node.run("sudo -n true", as: user).exitCode == (user == .root ? 0 : 1))
        #expect(try await node.run("command -v python python3 rsync", as: user).exitCode == 0)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func everyBackendHasTheSameReleaseAndDebiansOwnShellSetUp(backend: BackendUnderTest) async throws {
        let node = try backend.cluster[0]
        #expect(
            try await node.run(". /etc/os-release && echo $ID:$VERSION_CODENAME").standardOutput == "debian:trixie\n")
        #expect(try await node.run("python --version").standardOutput.hasPrefix("Python 3.13."))
        // Only an interactive shell gets to that line of .bashrc.
        #expect(try await node.run("bash -ic 'echo $HISTCONTROL' 2>/dev/null").standardOutput == "ignoreboth\n")
        #expect(try await node.run("echo $HISTCONTROL").standardOutput == "\n")
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func rootOfANodeSetsUpTheNodesOwnNetwork(backend: BackendUnderTest) async throws {
        let node = try backend.cluster[1]
        try await node.run("ip address add 192.0.2.7/32 dev lo", as: .root).requireSuccess()
        #expect(try await node.run("ssh 192.0.2.7 -o StrictHostKeyChecking=no hostname").standardOutput == "node2\n")
        try await node.run("ip address del 192.0.2.7/32 dev lo", as: .root).requireSuccess()
    }

    @Test(arguments: try await BackendUnderTest.usable(), User.allCases)
    func everyNodeReachesEveryNodeAndItselfWithoutAQuestion(backend: BackendUnderTest, user: User) async throws {
        let cluster = try backend.cluster
        let others = cluster.nodes.flatMap { [$0.name, $0.ip] }
        for node in cluster.nodes {
            let line = (others + ["localhost", "127.0.0.1"]).map { "ssh -o BatchMode=yes \($0) hostname" }.joined(
                separator: " && ")
            let result = try await node.run(line, as: user, timeout: .seconds(60)).requireSuccess()
            let expected = cluster.nodes.flatMap { [$0.name, $0.name] } + [node.name, node.name]
            #expect(result.standardOutput.split(separator: "\n").map(String.init) == expected)
            #expect(result.standardError.isEmpty)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable()) func ubuntuCanNotBecomeRoot(backend: BackendUnderTest)
        async throws
    {
        let node = try backend.cluster[0]
        #expect(try await node.run("ssh -o BatchMode=yes root@localhost id").exitCode == 255)
        #expect(
            try await node.run("find /root /etc/ssh -name '*_ed25519*' ! -name '*.pub' -readable 2>/dev/null")
                .standardOutput == "")
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func passwordsOpenNothing(
        backend: BackendUnderTest
    )
        async throws
    {
        let cluster = try backend.cluster
        let output = try await Command(
            "ssh",
            [
                "-F", cluster.sshConfigurationFile, "-o", "ControlPath=none", "-o", "IdentityFile=none",
                "-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password,keyboard-interactive",
                "root@node1", "id",
            ]
        ).output()
        #expect(output.exitCode == 255)
        #expect(output.standardError.contains("Permission denied (publickey)"))
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func anotherHostKeyIsRefused(
        backend: BackendUnderTest
    )
        async throws
    {
        let cluster = try backend.cluster
        try await withTemporaryFolder { folder in
            let wrong = try await KeyPair.generate(folder + "/wrong")
            try "node1 \(wrong.publicKey)\n".write(toFile: folder + "/known_hosts", atomically: true, encoding: .utf8)
            let output = try await Command(
                "ssh",
                [
                    "-F", cluster.sshConfigurationFile, "-o", "ControlPath=none",
                    "-o", "UserKnownHostsFile=\(folder)/known_hosts", "node1", "id",
                ]
            ).output()
            #expect(output.exitCode == 255)
            #expect(output.standardError.contains("Host key verification failed"))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable()) func aNodeWithAnotherHostKeyNeverGetsReady(
        backend: BackendUnderTest
    ) async throws {
        let stranger = try backend.cluster[0]
        let fake = FakeBackend(.give([.listening(stranger.host, at: stranger.port, ip: stranger.ip)]))
        let error = try await #require(throws: ClusterError.self) {
            try await Cluster.start(ClusterConfiguration(backend: fake.choice))
        }
        #expect(error.code == .notReady)
        #expect(error.node == "node1")
        #expect(error.message.contains("node1"))
        #expect(error.message.contains("stage host key: "))
        #expect(error.remedy.contains("Something else answers in the node's place"))
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func theHostKeyIsTheOneThatTheNodeHas(
        backend: BackendUnderTest
    ) async throws {
        for node in try backend.cluster.nodes {
            let key = try await node.run("cat /etc/ssh/ssh_host_ed25519_key.pub").standardOutput
            #expect(key.hasPrefix(node.hostKey))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func theClustersEnvironmentIsEveryCommands(
        backend: BackendUnderTest
    ) async throws {
        for user in User.allCases {
            let result = try await backend.cluster[0].run("printf %s \"$CLUSTER_WORD\"", as: user)
            #expect(result.standardOutput == "two words, $HOME")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable()) func aPublishedPortLeadsToTheNode(backend: BackendUnderTest)
        async throws
    {
        let cluster = try backend.cluster
        for node in cluster.nodes {
            let port = try #require(node.publishedPorts[8787])
            try await node.run("cd /tmp && echo \(node.name) >who && (python3 -m http.server 8787 >/dev/null 2>&1 &)")
                .requireSuccess()
            #expect(try await eventually { try await fetch(node.host, port, "/who") == "\(node.name)\n" })
        }
        #expect(Set(cluster.nodes.compactMap { $0.publishedPorts[8787] }).count == 3)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aForwardedPortLeadsToTheNodesLocalhost(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[1]
        try await node.run(
            "mkdir -p /tmp/private && cd /tmp/private && echo inside >who && (python3 -m http.server --bind 127.0.0.1 9099 >/dev/null 2>&1 &)"
        ).requireSuccess()
        let port = try await node.forwardPort(9099)
        #expect(try await eventually { try await fetch("127.0.0.1", port, "/who") == "inside\n" })
        #expect(try await node.forwardPort(9099) != port)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), User.allCases) func aTerminalIsToBeHad(
        backend: BackendUnderTest, user: User
    ) async throws {
        let words = [
            "-F", try backend.cluster.sshConfigurationFile, "-o", "ControlPath=none", "-tt", "\(user)@node2",
            "tty; id -un",
        ]
        let output = try await Command("ssh", words).output()
        let lines = output.standardOutput.split(whereSeparator: \.isNewline).map(String.init)
        #expect(lines.count == 2 && lines[0].hasPrefix("/dev/pts/") && lines[1] == "\(user)", "\(lines)")
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func whatAPersonTypesWorks(
        backend: BackendUnderTest
    )
        async throws
    {
        let cluster = try backend.cluster
        let node = cluster[2]
        let typed = try await Command("sh", ["-c", node.sshCommand(as: .root) + " id -un"]).output()
        #expect(typed.standardOutput == "root\n")
        let plain = try await Command(
            "ssh",
            [
                "-F", "/dev/null", "-i", node.identityFile(for: .ubuntu), "-p", "\(node.port)",
                "-o", "UserKnownHostsFile=\(cluster.knownHostsFile)", "-o", "StrictHostKeyChecking=yes",
                "ubuntu@\(node.host)",
                "hostname",
            ]
        ).output()
        #expect(plain.standardOutput == "node3\n")
    }

    #if os(Linux)
    /// Where this machine itself is in the cluster's network: always with Docker, for root only with namespaces.
    private static func backendsInThisMachinesNetwork() async throws -> [BackendUnderTest] {
        try await BackendUnderTest.usable().filter { $0 == .docker || $0 == .namespaces && geteuid() == 0 }
    }

    @Test(
        .enabled("an ordinary user's namespaces are not in this machine's network") {
            try await !backendsInThisMachinesNetwork().isEmpty
        }, arguments: try await backendsInThisMachinesNetwork())
    func aNodeIsReachedByItsAddress(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let node = cluster[2]
        let byAddress = try await Command(
            "ssh",
            [
                "-F", "/dev/null", "-i", node.identityFile(for: .root), "-o",
                "UserKnownHostsFile=\(cluster.knownHostsFile)",
                "-o", "StrictHostKeyChecking=yes", "root@\(node.ip)", "hostname",
            ]
        ).output()
        #expect(byAddress.standardOutput == "node3\n")
    }
    #endif

    @Test(arguments: try await BackendUnderTest.usable()) func logsTellOfLogins(backend: BackendUnderTest) async throws
    {
        let cluster = try backend.cluster
        let logs = try await cluster.logs()
        #expect(Set(logs.keys) == ["node1", "node2", "node3"])
        #expect(logs["node1"]?.contains("Accepted publickey for ubuntu") == true)
    }
}

/// The body of a page, by the curl of this machine or nothing if there is no answer.
private func fetch(_ host: String, _ port: Int, _ path: String) async throws -> String {
    try await Command("curl", ["--silent", "--noproxy", "*", "http://\(host):\(port)\(path)"]).output(
        limit: .seconds(60)
    ).standardOutput
}

import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// An `ssh` of the user's has a connection of its own, whatever connections the library has.
@Suite(.requiresBackend, ConformanceClusters(needs: [.root]), .timeLimit(.minutes(5)))
struct ConnectionTests {
    /// How a user's ssh is told of the nodes.
    enum Way: CaseIterable, Sendable {
        /// By `-F` and the cluster's ssh_config.
        case configuration
        /// By the programs that `cluster-fixture run` puts in front of PATH.
        case programs

        func ssh(_ cluster: Cluster, _ words: [String], environment: [String: String] = [:]) throws -> Command {
            switch self {
            case .configuration: Command("ssh", ["-F", cluster.sshConfigurationFile] + words, environment: environment)
            case .programs: Command(try programs(of: cluster) + "/ssh", words, environment: environment)
            }
        }

        /// The folder of the programs, which are the same for all tests of a cluster.
        private func programs(of cluster: Cluster) throws -> String {
            try Self.written.withLock { written in
                let programs = ClientPrograms(cluster.inventory)
                if written.insert(cluster.id).inserted { try programs.write() }
                return programs.folder
            }
        }

        private static let written = Locked<Set<String>>([])
    }

    /// A cluster to whose nodes the library is connected as both users.
    private func connected(_ backend: BackendUnderTest) async throws -> Cluster {
        let cluster = try backend.cluster
        for user in User.allCases { try await cluster[0].run("true", as: user).requireSuccess() }
        return cluster
    }

    static let whatOpensNothing: [[String]] = [
        ["-o", "PubkeyAuthentication=no"],
        ["-o", "UserKnownHostsFile=/dev/null"],
        ["-o", "ProxyCommand=false"],
        ["-o", "User=nobody"],
        ["-p", "1"],
    ]

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), Way.allCases)
    func whatOpensNothingOpensNothing(backend: BackendUnderTest, way: Way) async throws {
        let cluster = try await connected(backend)
        for words in Self.whatOpensNothing {
            let output = try await way.ssh(cluster, ["-o", "BatchMode=yes"] + words + ["node1", "hostname"]).output()
            #expect(output.exitCode == 255 && output.standardOutput == "", "\(words)")
        }
        #expect(try await way.ssh(cluster, ["node1", "hostname"]).output().standardOutput == "node1\n")
    }

    /// ssh tries every key that its configuration names, besides the one that it is given: so the programs' configuration names none
    /// then.
    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func aKeyThatIsNamedIsTheOneThatCounts(backend: BackendUnderTest) async throws {
        let cluster = try await connected(backend)
        try await withTemporaryFolder { folder in
            let wrong = try await KeyPair.generate(folder + "/wrong").privateFile
            for (words, opens) in [
                (["-i", wrong, "node1", "hostname"], false), (["-i\(wrong)", "node1", "hostname"], false),
                (["node1", "-i", wrong, "hostname"], false),
                (["-o", "IdentityFile=\(wrong)", "node1", "hostname"], false),
                (["-Tno", "identityfile \(wrong)", "node1", "hostname"], false),
                (["-i", cluster[0].identityFile(), "node1", "hostname"], true),
                (["node1", "hostname", "-i"], true), (["--", "node1", "hostname", "-i"], true),
            ] {
                let output = try await Way.programs.ssh(cluster, ["-o", "BatchMode=yes"] + words).output()
                #expect(output.exitCode == (opens ? 0 : 255), "\(words): \(output.complaint)")
            }
            let copy = try Way.programs.ssh(cluster, []).program.dropLast(3) + "scp"
            let words = ["-i", wrong, "-o", "BatchMode=yes", "/etc/hostname", "node1:copied"]
            #expect(try await Command(String(copy), words).output().exitCode != 0)
            #expect(try await Command(String(copy), ["-q", "/etc/hostname", "node1:copied"]).output().exitCode == 0)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), Way.allCases)
    func aForwardLastsAsLongAsItsSSH(backend: BackendUnderTest, way: Way) async throws {
        let cluster = try await connected(backend)
        let port = try LoopbackPort.free()
        let forward = try way.ssh(
            cluster,
            ["-N", "-o", "ExitOnForwardFailure=yes", "-L", "127.0.0.1:\(port):127.0.0.1:22", "node1"])
        let ssh = Task { try await forward.output() }
        // The node's sshd says hello through it.
        #expect(try await eventually { try await greeting(at: port).hasPrefix("SSH-2.0-") })
        ssh.cancel()
        _ = await ssh.result
        #expect(try await eventually { try await greeting(at: port) == "" })
    }

    /// What a server at a port of 127.0.0.1 says first; nothing if there is none.
    private func greeting(at port: Int) async throws -> String {
        let line = "exec 3<>/dev/tcp/127.0.0.1/\(port) && head -n 1 <&3"
        return try await Command("bash", ["-c", line]).output(limit: .seconds(20)).standardOutput
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), Way.allCases)
    func anSSHThatGoesToTheBackgroundLetsItsCallerGoOn(backend: BackendUnderTest, way: Way) async throws {
        let cluster = try await connected(backend)
        let mark = "background-\(way)"
        try await cluster[0].run("mkfifo /tmp/\(mark)").requireSuccess()
        let ssh = try way.ssh(cluster, ["-f", "node1", "cat /tmp/\(mark) && touch /tmp/\(mark).done"])
        let line = Command(ssh.program, ssh.arguments).line + " </dev/null >/dev/null 2>&1"
        // Until it is told to go on, what it runs can't end.
        #expect(try await Command("sh", ["-c", line]).output(limit: .seconds(60)).exitCode == 0)
        #expect(try await cluster[0].run("test -e /tmp/\(mark).done").exitCode == 1)
        try await cluster[0].run("echo >/tmp/\(mark)").requireSuccess()
        #expect(try await eventually { try await cluster[0].run("test -e /tmp/\(mark).done").exitCode == 0 })
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), Way.allCases)
    func theEnvironmentIsSentAnew(backend: BackendUnderTest, way: Way) async throws {
        let cluster = try await connected(backend)
        let words = ["-o", "SetEnv=LC_WORD=two", "node1", "printenv LANG LC_WORD"]
        for language in ["C.UTF-8", "POSIX"] {
            let output = try await way.ssh(cluster, words, environment: ["LANG": language]).output()
            #expect(output.standardOutput == "\(language)\ntwo\n", "\(output.complaint)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), Way.allCases)
    func whatAUserIsFromNowOnIsSeen(backend: BackendUnderTest, way: Way) async throws {
        let cluster = try await connected(backend)
        let group = "new-\(way)".lowercased()
        try await cluster[0].run("groupadd \(group) && usermod -aG \(group) ubuntu", as: .root).requireSuccess()
        let output = try await way.ssh(cluster, ["node1", "id -nG"]).output()
        #expect(output.standardOutput.split(whereSeparator: \.isWhitespace).contains(Substring(group)))
    }

    /// From an existing host another one may have another address than from here.
    @Test(arguments: try await BackendUnderTest.usable(), Way.allCases)
    func theWayThroughOtherNodesIsTaken(backend: BackendUnderTest, way: Way) async throws {
        let cluster = try await connected(backend)
        for (hops, from) in [("root@node2", 1), ("node2,root@node1", 0), (cluster[0].fqdn, 0)] {
            let words = ["-J", hops, "root@node3", "echo $SSH_CONNECTION"]
            let output = try await way.ssh(cluster, words).output()
            #expect(output.standardOutput.hasPrefix(cluster[from].ip + " "), "\(hops): \(output.complaint)")
        }
        let lost = ["-J", "node2", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=/dev/null", "node3", "true"]
        #expect(try await way.ssh(cluster, lost).output().exitCode == 255)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), Way.allCases)
    func whoeverAsksToShareDoes(backend: BackendUnderTest, way: Way) async throws {
        let cluster = try await connected(backend)
        try await withTemporaryFolder { folder in
            let socket = ["-o", "ControlPath=\(folder)/%C"]
            let sharing = ["-o", "ControlMaster=auto", "-o", "ControlPersist=yes"] + socket
            let opening = try way.ssh(cluster, sharing + ["node1", "true"])
            let line = Command(opening.program, opening.arguments).line + " 2>/dev/null"
            #expect(try await Command("sh", ["-c", line]).output().exitCode == 0)
            #expect(try await way.ssh(cluster, socket + ["-O", "check", "node1"]).output().exitCode == 0)
            let riding = socket + ["-o", "PubkeyAuthentication=no", "node1", "hostname"]
            #expect(try await way.ssh(cluster, riding).output().standardOutput == "node1\n")
            #expect(try await way.ssh(cluster, socket + ["-O", "exit", "node1"]).output().exitCode == 0)
            #expect(try await way.ssh(cluster, riding).output().exitCode == 255)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), Way.allCases)
    func agentsAndForwardsOfAllKindsWork(backend: BackendUnderTest, way: Way) async throws {
        let cluster = try await connected(backend)
        let through = try await way.ssh(cluster, ["-W", "node2:22", "node1"]).output()
        #expect(through.standardOutput.hasPrefix("SSH-2.0-"), "\(through.complaint)")

        let listener = try Listener(.say("from here"))
        defer { withExtendedLifetime(listener) {} }
        let number = way == .programs ? 7071 : 7072
        let back = ["-o", "ExitOnForwardFailure=yes", "-R", "127.0.0.1:\(number):127.0.0.1:\(listener.port)", "node1"]
        let heard = try await way.ssh(cluster, back + ["exec 3<>/dev/tcp/127.0.0.1/\(number); cat <&3"]).output()
        #expect(heard.standardOutput == "from here", "\(heard.complaint)")

        let proxy = try LoopbackPort.free()
        let socks = try way.ssh(cluster, ["-N", "-D", "127.0.0.1:\(proxy)", "node1"])
        let ssh = Task { try await socks.output() }
        // sshd hangs up on it, but says hello first.
        let curl = [
            "--silent", "--http0.9", "--noproxy", "none", "--socks5-hostname", "127.0.0.1:\(proxy)", "http://node3:22",
        ]
        #expect(
            try await eventually {
                try await Command("curl", curl).output(limit: .seconds(20)).standardOutput.hasPrefix("SSH-2.0-")
            })
        ssh.cancel()
        _ = await ssh.result

        let agent = try way.ssh(cluster, ["-A", "node1", "ssh-add -L"])
        let key = cluster[0].identityFile()
        let line = "ssh-add -q \(shellQuoted(key)) && \(Command(agent.program, agent.arguments).line)"
        let keys = try await Command("ssh-agent", ["sh", "-c", line]).output()
        let known = try String(contentsOfFile: key + ".pub", encoding: .utf8).split(separator: " ")[1]
        #expect(keys.standardOutput.contains(known), "\(keys.complaint)")
    }
}

import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What a broken sshd is like for OpenSSH's own client and for Python's libraries, on each backend.
@Suite(.requiresBackend, .serialized, ConformanceClusters(), .timeLimit(.minutes(10)))
struct SSHFaultTests {
    /// A login by a connection of its own.
    private func login(
        _ cluster: Cluster, _ command: String = "hostname", options: [String] = []
    ) async throws -> CommandOutput {
        let words =
            ["-F", cluster.sshConfigurationFile, "-o", "BatchMode=yes"] + options + ["--", "ubuntu@node2", command]
        return try await Command("ssh", words).output(limit: .seconds(60))
    }

    /// Runs a body with a fault in force twice, and looks whether all is as before afterwards.
    private func under(
        _ fault: SSHFault, on backend: BackendUnderTest, _ body: (Cluster, Node) async throws -> Void
    ) async throws {
        let cluster = try backend.cluster
        let node = cluster[1]
        try await cluster.under(.ssh(fault, on: "node2")) {
            // A second time it is what it is.
            try await cluster.under(.ssh(fault, on: "node2")) { try await body(cluster, node) }
            try await cluster.under(.ssh(fault, on: "node2")) { try await body(cluster, node) }
            // The library's connection, which was there before.
            #expect(try await node.run("hostname").standardOutput == "node2\n")
        }
        let after = try await login(cluster)
        #expect(after.standardOutput == "node2\n", "\(fault): \(after.complaint)")
        #expect(try await login(cluster, "ssh node1 hostname").standardOutput == "node1\n")
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func nobodyIsLetInWhereLoginsAreRefused(backend: BackendUnderTest) async throws {
        try await under(.loginsRefused, on: backend) { cluster, _ in
            let refused = try await login(cluster)
            #expect(refused.exitCode == 255)
            #expect(refused.standardError.contains("Permission denied (publickey)"), "\(refused.complaint)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aServerThatSaysNothingIsConnectedToAllTheSame(backend: BackendUnderTest) async throws {
        try await under(.stalled(.beforeBanner), on: backend) { cluster, _ in
            let silent = try await login(cluster, options: ["-v", "-o", "ConnectTimeout=1"])
            #expect(silent.exitCode == 255)
            // Where a relay makes the connection, as without root, ssh says nothing about it.
            #expect(silent.standardError.contains("Local version string"), "\(silent.complaint)")
            #expect(silent.standardError.contains("timed out during banner exchange"), "\(silent.complaint)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aServerThatExchangesKeysMayNeverAnswerTheLogin(backend: BackendUnderTest) async throws {
        try await under(.stalled(.afterKeyExchange), on: backend) { cluster, _ in
            // Its own limit ends with the exchange of keys; timeout(1) ends it.
            let words = ["3", "ssh", "-v", "-F", cluster.sshConfigurationFile, "ubuntu@node2", "hostname"]
            let silent = try await Command("timeout", words).output(limit: .seconds(60))
            #expect(silent.exitCode == 124)
            #expect(silent.standardError.contains("SSH2_MSG_NEWKEYS received"), "\(silent.complaint)")
            #expect(!silent.standardError.contains("Authenticated to"))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(), SSHFault.Stage.allCases)
    func loginsThatWereKeptWaitingGoOnWhenItIsMended(backend: BackendUnderTest, stage: SSHFault.Stage) async throws {
        let cluster = try backend.cluster
        @Sendable func connections() async throws -> Int {
            try await cluster[1].run("ss -Htn state established '( sport = :22 )'").lines.count
        }
        let before = try await connections()
        try await cluster[1].ssh.stall(stage)
        async let waiting = login(cluster)
        try await #require(eventually { try await connections() > before })
        try await cluster[1].ssh.heal()
        let output = try await waiting
        #expect(output.standardOutput == "node2\n", "\(output.complaint)")
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func beyondALimitConnectionsAreDropped(backend: BackendUnderTest) async throws {
        try await under(.loginsLimited(2), on: backend) { _, node in
            let script = """
                import socket, sys
                held = []
                for number in range(3):
                    held.append(socket.create_connection((sys.argv[1], int(sys.argv[2]))))
                    print(held[-1].recv(100)[:7] == b"SSH-2.0")
                """
            let output = try await Command("python3", ["-c", script, node.host, "\(node.port)"]).output()
            #expect(output.lines == ["True", "True", "False"], "\(output.complaint)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func clientsRefuseAServerWhoseHostKeyHasChanged(backend: BackendUnderTest) async throws {
        try await under(.hostKeyChanged, on: backend) { cluster, node in
            let refused = try await login(cluster)
            #expect(refused.exitCode == 255)
            #expect(refused.standardError.contains("HOST IDENTIFICATION HAS CHANGED"), "\(refused.complaint)")
            let scan = try await Command("ssh-keyscan", ["-t", "ed25519", "-p", "\(node.port)", node.host]).output()
            #expect(scan.standardOutput.contains("ssh-ed25519") && !scan.standardOutput.contains(node.hostKey))
        }
        let node = try backend.cluster[1]
        let scan = try await Command("ssh-keyscan", ["-t", "ed25519", "-p", "\(node.port)", node.host]).output()
        #expect(scan.standardOutput.contains(node.hostKey))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aBannerThatIsLateComesInTheEnd(backend: BackendUnderTest) async throws {
        try await under(.bannerSlowed(.seconds(3)), on: backend) { cluster, node in
            let hasty = try await login(cluster, options: ["-o", "ConnectTimeout=1"])
            #expect(hasty.standardError.contains("timed out during banner exchange"), "\(hasty.complaint)")
            // The later value takes the place of the earlier.
            try await node.ssh.slowBanner(by: .milliseconds(200))
            #expect(try await login(cluster, options: ["-o", "ConnectTimeout=30"]).standardOutput == "node2\n")
            try await node.ssh.slowBanner(by: .seconds(3))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func connectionsAreResetWhenTheyHaveCarriedSoMuch(backend: BackendUnderTest) async throws {
        try await under(.connectionsDropped(afterBytes: 100_000), on: backend) { cluster, node in
            #expect(try await login(cluster).standardOutput == "node2\n")
            // From the server and to it, by the node's address and by the published port.
            let port = ["-o", "HostName=\(node.host)", "-p", "\(node.port)"]
            for options in [[], port] {
                let down = try await login(cluster, "head -c 3000000 /dev/zero", options: options)
                #expect(down.exitCode == 255 && down.standardOutput.utf8.count < 3_000_000, "\(down.complaint)")
                let words = ["-F", cluster.sshConfigurationFile] + options + ["--", "ubuntu@node2", "cat > /dev/null"]
                let up = try await Command("ssh", words).output(input: [UInt8](repeating: 0, count: 3_000_000))
                #expect(up.exitCode == 255, "\(up.complaint)")
            }
            // Those that were there before carry what they like.
            #expect(try await node.run("head -c 1000000 /dev/zero").standardOutput.utf8.count == 1_000_000)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func severalFaultsAreMendedEachByItself(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let node = cluster[1]
        try await cluster.under(.ssh(.loginsRefused, on: "node2")) {
            try await cluster.under(.ssh(.stalled(.beforeBanner), on: "node2"), .ssh(.hostKeyChanged, on: "node2")) {
                let silent = try await login(cluster, options: ["-o", "ConnectTimeout=1"])
                #expect(silent.standardError.contains("timed out during banner exchange"), "\(silent.complaint)")
            }
            let refused = try await login(cluster)
            #expect(refused.standardError.contains("Permission denied"), "\(refused.complaint)")
        }
        #expect(try await login(cluster).standardOutput == "node2\n")
        for fault in SSHFaultTests.all { try await node.ssh.begin(fault) }
        try await node.ssh.heal()
        try await node.ssh.heal()
        #expect(try await login(cluster).standardOutput == "node2\n")
        let kept = try await node.run(
            "ls /etc/ssh/sshd_config.d; grep -c . /etc/hosts.allow; nft list tables", as: .root)
        #expect(!kept.standardOutput.contains("cluster"), "\(kept.standardOutput)")
    }

    static let all: [SSHFault] = [
        .loginsRefused, .stalled(.afterKeyExchange), .loginsLimited(3), .hostKeyChanged,
        .bannerSlowed(.milliseconds(1)),
        .connectionsDropped(afterBytes: 5000), .stalled(.beforeBanner),
    ]

    @Test(
        .requiresPythonClients, arguments: try await BackendUnderTest.usable(),
        [
            ("paramiko", SSHFault.loginsRefused, "AuthenticationException"),
            ("asyncssh", .loginsRefused, "PermissionDenied"),
            ("paramiko", .stalled(.beforeBanner), "SSHException"),
            ("asyncssh", .stalled(.beforeBanner), "TimeoutError"),
            ("paramiko", .stalled(.afterKeyExchange), "Authentication timeout"),
            ("asyncssh", .stalled(.afterKeyExchange), "TimeoutError"),
            ("paramiko", .hostKeyChanged, "BadHostKeyException"), ("asyncssh", .hostKeyChanged, "HostKeyNotVerifiable"),
            ("paramiko", .bannerSlowed(.seconds(20)), "SSHException"),
            ("asyncssh", .bannerSlowed(.seconds(20)), "TimeoutError"),
            ("paramiko", .connectionsDropped(afterBytes: 40000), "lost"),
            ("asyncssh", .connectionsDropped(afterBytes: 40000), "lost"),
        ])
    func pythonsLibrariesMeetTheRealThing(
        backend: BackendUnderTest, meeting: (client: String, fault: SSHFault, word: String)
    ) async throws {
        let cluster = try backend.cluster
        try await withTemporaryFolder { folder in
            let file = folder + "/inventory"
            try cluster.inventory.text(.json).write(toFile: file, atomically: true, encoding: .utf8)
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("meet.py")
                .path
            let words = [script, meeting.client, file]
            let healthy = try await Command(PythonClients.interpreter, words).output(limit: .seconds(60))
            #expect(healthy.standardOutput == "3000000 bytes\n", "\(healthy.complaint)")
            try await cluster.under(.ssh(meeting.fault, on: "node2")) {
                let output = try await Command(PythonClients.interpreter, words).output(limit: .seconds(60))
                #expect(output.standardOutput.contains(meeting.word), "\(output.standardOutput)\(output.complaint)")
            }
        }
    }
}

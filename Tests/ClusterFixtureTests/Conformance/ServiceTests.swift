import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// sshd is a service of the node, as on any Debian machine.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct ServiceTests {
    /// A login of its own: it does not ride a connection that is there already.
    private func login(to cluster: Cluster, _ options: [String] = []) async throws -> CommandOutput {
        let own = ["-F", cluster.sshConfigurationFile, "-o", "ControlPath=none"]
        return try await Command("ssh", own + options + ["--", "root@node1", "true"]).output(limit: .seconds(60))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func theServiceStopsStartsAndReloadsAndTheNodeLivesOn(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 1, backend: backend.choice) { cluster in
            let node = cluster[0]
            func service(_ word: String) async throws -> CommandOutput {
                try await cluster.handle.execute(["service", "ssh", word], on: node.name)
            }
            #expect(try await service("status").exitCode == 0)
            let first = try await node.run("cat /run/sshd.pid", as: .root).standardOutput
            // What is running already is not started twice.
            #expect(try await service("start").exitCode == 0)
            #expect(try await node.run("cat /run/sshd.pid", as: .root).standardOutput == first)
            #expect(try await service("stop").exitCode == 0)
            #expect(try await service("status").exitCode == 3)  // LSB: not running
            #expect(try await login(to: cluster).exitCode == 255)
            // What was open stays open.
            #expect(try await node.run("hostname").standardOutput == "node1\n")
            #expect(try await service("start").exitCode == 0)
            // As on any machine without systemd, it goes to the background a little before it listens.
            #expect(try await eventually { try await login(to: cluster).exitCode == 0 })
            let second = try await node.run("cat /run/sshd.pid", as: .root).standardOutput
            #expect(second != first)
            _ = try await node.run("echo 'Banner /etc/hostname' >/etc/ssh/sshd_config.d/test.conf", as: .root)
            #expect(try await service("reload").exitCode == 0)
            // It reads its configuration and starts itself anew, and meanwhile listens nowhere.
            #expect(
                try await eventually {
                    try await login(to: cluster, ["-o", "LogLevel=INFO"]).standardError.contains("node1")
                })
            #expect(try await node.run("cat /run/sshd.pid", as: .root).standardOutput == second)
            #expect(try await service("restart").exitCode == 0)
            #expect(try await eventually { try await login(to: cluster).exitCode == 0 })
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func sshdListensOnBothProtocolsAndWhereItsConfigurationSays(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            let node = cluster[0]
            #expect(try await node.run("ssh -6 localhost hostname").standardOutput == "node1\n")
            #expect(try await node.run("ssh -4 localhost hostname").standardOutput == "node1\n")
            _ = try await node.run(
                "printf 'Port 22\nPort 2222\n' >>/etc/ssh/sshd_config && service ssh restart", as: .root)
            #expect(
                try await cluster[1].run("ssh -o StrictHostKeyChecking=no -p 2222 node1 hostname").standardOutput
                    == "node1\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func whoComesBeyondMaxStartupsIsTurnedAway(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            let line = "echo 'MaxStartups 2' >/etc/ssh/sshd_config.d/few.conf && service ssh restart"
            try await cluster[0].run(line, as: .root).requireSuccess()
            // Clients that don't log in, each of which holds its place.
            let knock = """
                import socket, time
                def greeting():
                    for attempt in range(200):
                        try:
                            client = socket.create_connection(("node1", 22))
                            return client, client.recv(8)
                        except ConnectionRefusedError: time.sleep(0.05)
                places = [greeting() for place in range(5)]
                print([said.startswith(b"SSH-") for client, said in places][-2:])
                """
            let seen = try await cluster[1].run(["python3", "-c", knock])
            // The sshd that is being replaced may have taken the first ones.
            #expect(seen.standardOutput == "[False, False]\n", "\(seen)")
        }
    }

    /// As on any machine, where PAM decides who has an account that can be used.
    @Test(arguments: try await BackendUnderTest.usable())
    func aNewUserWithAnAuthorizedKeyLogsIn(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 1, backend: backend.choice) { cluster in
            let node = cluster[0]
            let line = """
                useradd -m -s /bin/bash ada && install -d -o ada -m 700 ~ada/.ssh &&
                install -o ada -m 600 ~ubuntu/.ssh/authorized_keys ~ada/.ssh/authorized_keys && ls -A ~ada
                """
            let made = try await node.run(line, as: .root)
            #expect(made.standardOutput.contains(".profile"), "\(made)")
            let login = try await node.run("ssh ada@localhost id -un")
            #expect(login.standardOutput == "ada\n", "\(login)")
            let expired = try await node.run("usermod --expiredate 1 ada && ssh ada@localhost id -un", as: .root)
            #expect(expired.exitCode == 255, "\(expired)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func whatIsWrittenToTheConsoleIsInTheNodesLog(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 1, backend: backend.choice) { cluster in
            // It goes to the background before it listens.
            let restart = "service ssh restart; until ss -ltn | grep -q ':22 '; do sleep 0.01; done"
            _ = try await cluster.handle.execute(["sh", "-c", restart], on: "node1")
            _ = try await cluster[0].run("echo said by hand >/dev/console; ssh nobody@localhost true", as: .root)
            #expect(
                try await eventually {
                    let log = try await cluster.logs()["node1"] ?? ""
                    return log.contains("said by hand") && log.contains("user nobody")
                })
        }
    }

    /// Where the client has an agent or a display, the node has it too.
    @Test(arguments: try await BackendUnderTest.usable())
    func agentsAndDisplaysAreForwarded(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 1, backend: backend.choice) { cluster in
            let line = """
                ssh-add -q "$2" && ssh -F "$1" -o IdentityAgent="$SSH_AUTH_SOCK" -A node1 'ssh-add -l' &&
                DISPLAY=:77 ssh -F "$1" -Y node1 'echo $DISPLAY && xauth list "$DISPLAY"'
                """
            let key = cluster[0].identityFile(for: .ubuntu)
            let words = ["sh", "-c", line, "agent", cluster.sshConfigurationFile, key]
            let output = try await Command("ssh-agent", words).output(limit: .seconds(60))
            #expect(output.standardOutput.contains("ED25519"), "\(output)")
            #expect(output.standardOutput.contains("localhost:10.0"), "\(output)")
            #expect(output.standardOutput.contains("MIT-MAGIC-COOKIE-1"), "\(output)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aNodeHasHostKeysOfAllKinds(backend: BackendUnderTest) async throws {
        try await withCluster(ClusterConfiguration(backend: backend.choice, rsaHostKeys: true)) { cluster in
            let node = cluster[0]
            for (kind, algorithm) in [
                ("ed25519", "ssh-ed25519"), ("ecdsa", "ecdsa-sha2-nistp256"), ("rsa", "rsa-sha2-512"),
            ] {
                let shown = try await node.run(
                    "ssh-keyscan -t \(kind) localhost 2>/dev/null; ls -l /etc/ssh", as: .root)
                let file = try await node.run("cat /etc/ssh/ssh_host_\(kind)_key.pub").standardOutput
                #expect(shown.standardOutput.contains(file.split(separator: " ").prefix(2).joined(separator: " ")))
                let proof = try await node.run("ssh -o HostKeyAlgorithms=\(algorithm) node1 true")
                #expect(proof.exitCode == 0, "\(proof)")
                let fromHere = ["-F", cluster.sshConfigurationFile, "-o", "ControlPath=none"]
                let login = try await Command(
                    "ssh", fromHere + ["-o", "HostKeyAlgorithms=\(algorithm)", "--", "root@node1", "true"]
                ).output(limit: .seconds(60))
                #expect(login.succeeded, "\(login.complaint)")
            }
        }
    }

    /// The password is handed over by a program of the caller's: it is on no command line.
    private func login(
        as user: String, with password: String, to cluster: Cluster, in folder: String
    ) async throws -> CommandOutput {
        let asking = folder + "/ask"
        try "#!/bin/sh\necho \"$ANSWER\"\n".write(toFile: asking, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: asking)
        let own = [
            "-F", cluster.sshConfigurationFile, "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1",
        ]
        return try await Command(
            "ssh", own + ["--", "\(user)@node2", "id", "-un"],
            environment: ["SSH_ASKPASS": asking, "SSH_ASKPASS_REQUIRE": "force", "ANSWER": password]
        ).output(limit: .seconds(60))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func passwordsLetUsersInWhereTheyAreAskedFor(backend: BackendUnderTest) async throws {
        let configuration = ClusterConfiguration(nodes: 2, backend: backend.choice, passwordLogins: true)
        try await withTemporaryFolder { folder in
            try await withCluster(configuration) { cluster in
                let users = cluster.inventory.nodes[1].users
                #expect(Set(users.compactMap(\.password)).count == 2)
                for user in users {
                    let password = try #require(user.password)
                    let output = try await login(as: user.name, with: password, to: cluster, in: folder)
                    #expect(output.standardOutput == user.name + "\n", "\(output.standardError)")
                    let wrong = try await login(as: user.name, with: password + "x", to: cluster, in: folder)
                    #expect(wrong.exitCode == 255)
                }
            }
            try await withCluster(nodes: 2, backend: backend.choice) { cluster in
                #expect(cluster[0].password(for: .root) == nil)
                let refused = try await login(as: "ubuntu", with: "", to: cluster, in: folder)
                #expect(refused.exitCode == 255)
                #expect(refused.standardError.contains("(publickey)"), "\(refused.standardError)")
            }
        }
    }
}

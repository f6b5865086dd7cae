import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite struct SSHConfigurationTests {
    private static let nodes: [ProvisionedNode] = [
        .init(
            name: "node1", fqdn: "node1.lab.test", host: "127.0.0.1", port: 40001, ip: "198.18.3.2",
            hostKeys: ["ssh-ed25519 AAAA1", "ssh-rsa AAAA3"]),
        .init(
            name: "node2", fqdn: "node2.lab.test", host: "127.0.0.1", port: 40002, ip: "198.18.3.3",
            hostKeys: ["ssh-ed25519 AAAA2"]),
    ]

    private func configuration(in folder: String, _ reach: SSHConfiguration.Reach) -> SSHConfiguration {
        SSHConfiguration(
            nodes: Self.nodes, identityFiles: [.root: folder + "/keys/root", .ubuntu: folder + "/keys/ubuntu"],
            knownHostsFile: folder + "/known_hosts", reach: reach)
    }

    /// What OpenSSH itself makes of the files; a word that comes more than once has its values in one.
    private func understood(
        _ words: String..., in folder: String, _ reach: SSHConfiguration.Reach = .addresses, openSSH: Bool = false
    ) async throws -> [String: String] {
        let (any, alone) = (folder + "/ssh_config", folder + "/openssh_config")
        let configuration = configuration(in: folder, reach)
        try configuration.text(openSSHFile: alone).write(toFile: any, atomically: true, encoding: .utf8)
        try configuration.openSSHText().write(toFile: alone, atomically: true, encoding: .utf8)
        try KnownHosts.forThisMachine(Self.nodes).write(
            toFile: configuration.knownHostsFile, atomically: true, encoding: .utf8)
        let output = try await Command("ssh", ["-G", "-F", openSSH ? alone : any] + words).output()
        #expect(output.exitCode == 0, "\(output.standardError)")
        return output.standardOutput.split(separator: "\n").reduce(into: [:]) { options, line in
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            options[words[0], default: ""] += (options[words[0]] == nil ? "" : " ") + (words.count > 1 ? words[1] : "")
        }
    }

    @Test(arguments: ["plain", "with space", "100%", "it's", "[x]"], [false, true])
    func openSSHUnderstandsTheFileWhateverTheFolderIsCalled(name: String, openSSH: Bool) async throws {
        try await withTemporaryFolder { temporary in
            let folder = temporary + "/" + name
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // `ssh -G` prints paths before their percent signs are read.
            let printed = folder.replacingOccurrences(of: "%", with: "%%")
            for reach in [SSHConfiguration.Reach.addresses, .ports(relay: folder + "/relay")] {
                let options = try await understood("root@node2", in: folder, reach, openSSH: openSSH)
                #expect(options["hostname"] == "198.18.3.3")
                #expect(options["port"] == "22")
                #expect(options["hostkeyalias"] == "node2")
                #expect(options["stricthostkeychecking"] == "true")
                #expect(options["identityfile"] == "\(printed)/keys/root \(printed)/keys/ubuntu")
                #expect(
                    options["proxycommand"]?.contains("198.18.3.3:22=127.0.0.1:40002")
                        == (reach == .addresses ? nil : true))
            }
        }
    }

    @Test(arguments: ["node1", "node1.lab.test", "198.18.3.2", "127.0.0.1:40001"])
    func aNodeIsTheSameByEachOfItsNames(name: String) async throws {
        try await withTemporaryFolder { folder in
            let options = try await understood(name, in: folder)
            #expect(options["hostname"] == "198.18.3.2" && options["port"] == "22")
            #expect(options["user"] == "ubuntu")
            #expect(options["userknownhostsfile"] == folder + "/known_hosts")
        }
    }

    @Test(arguments: [false, true]) func nothingInItSharesAConnectionOrForbidsWhatTheUserAsksFor(openSSH: Bool)
        async throws
    {
        try await withTemporaryFolder { folder in
            let options = try await understood("node1", in: folder, openSSH: openSSH)
            #expect(options["controlpath"] == nil && options["controlmaster"] == "false")
            #expect(options["batchmode"] == "no" && options["passwordauthentication"] == "yes")
            #expect(options["identityagent"] == nil && options["loglevel"] == "INFO")
            #expect(options["sendenv"] == "LANG LC_*")
        }
    }

    /// Where the nodes are, and what proves them, is the cluster's to say. All else is a default.
    @Test func whatTheUsersOwnConfigurationSaysGoesBeforeDefaults() async throws {
        try await withTemporaryFolder { folder in
            let own =
                "Host *\n  User root\n  Port 2222\n  StrictHostKeyChecking no\n  KexAlgorithms ecdh-sha2-nistp256\n\n"
            let (file, known) = (folder + "/config", folder + "/known_hosts")
            try KnownHosts.forThisMachine(Self.nodes).write(toFile: known, atomically: true, encoding: .utf8)
            let text = configuration(in: folder, .addresses).openSSHText(own: own)
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            for (words, expected) in [
                (["node1"], ["user root", "hostname 198.18.3.2", "port 22", "stricthostkeychecking true"]),
                (["-p", "40001", "localhost"], ["user root", "hostname localhost", "stricthostkeychecking true"]),
                (["-l", "ubuntu", "node1"], ["user ubuntu", "kexalgorithms ecdh-sha2-nistp256"]),
                (["elsewhere"], ["user root", "hostname elsewhere", "port 2222", "stricthostkeychecking false"]),
            ] {
                let output = try await Command("ssh", ["-G", "-F", file] + words).output()
                for line in expected { #expect(output.lines.contains(line), "\(words)") }
            }
        }
    }

    /// What else listens on this machine's own loopback is not the cluster's.
    @Test func ofTheLoopbackOnlyPublishedPortsAreTheClusters() async throws {
        try await withTemporaryFolder { folder in
            for host in ["127.0.0.1", "localhost"] {
                let node = try await understood("-p", "40002", host, in: folder, openSSH: true)
                #expect(node["user"] == "ubuntu" && node["hostname"] == host && node["port"] == "40002")
                let other = try await understood("-p", "40003", host, in: folder, openSSH: true)
                #expect(other["user"] != "ubuntu" && other["userknownhostsfile"] != folder + "/known_hosts")
            }
        }
    }

    @Test func clientsThatKnowNoIncludeFindTheirWayByPorts() throws {
        let text = configuration(in: "/f", .ports(relay: "/f/relay")).text(openSSHFile: "/f/openssh_config")
        #expect(text.hasPrefix("Include /f/openssh_config\n"))
        #expect(
            text.contains(
                """
                Host node2 node2.lab.test 127.0.0.1:40002
                  HostName 127.0.0.1
                  Port 40002

                """))
        #expect(!text.contains("Match"))
    }

    @Test(arguments: [
        "node1", "node1.lab.test", "198.18.3.2", "[127.0.0.1]:40001", "[localhost]:40001", "[node1]:40001",
    ])
    func openSSHFindsANodesKeyUnderEachOfItsNames(host: String) async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/known_hosts"
            let pair = try await KeyPair.generate(folder + "/host")
            let node = ProvisionedNode(
                name: "node1", fqdn: "node1.lab.test", host: "127.0.0.1", port: 40001, ip: "198.18.3.2",
                hostKeys: [pair.publicKey])
            try KnownHosts.forThisMachine([node]).write(toFile: file, atomically: true, encoding: .utf8)
            let output = try await Command("ssh-keygen", ["-F", host, "-f", file]).output()
            #expect(output.standardOutput.contains(pair.publicKey))
        }
    }

    @Test func aNodeKnowsTheOthersByNameAndAddressAndItselfAsLocalhost() {
        let text = KnownHosts.forNodes([
            (["node1", "node1.lab.test", "198.18.3.2"], ["k one", "r one"]),
            (["node2", "node2.lab.test", "198.18.3.3"], ["k two"]),
        ])
        #expect(
            text == """
                node1,node1.lab.test,198.18.3.2,localhost,127.0.0.1,::1 k one
                node1,node1.lab.test,198.18.3.2,localhost,127.0.0.1,::1 r one
                node2,node2.lab.test,198.18.3.3,localhost,127.0.0.1,::1 k two

                """)
    }
}

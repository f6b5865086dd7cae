import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite struct SSHConfigurationTests {
    private func configuration(in folder: String) -> SSHConfiguration {
        SSHConfiguration(
            hosts: [
                .init(name: "node1", host: "127.0.0.1", port: 40001, ip: "198.18.3.2", hostKey: "ssh-ed25519 AAAA1"),
                .init(name: "node2", host: "127.0.0.1", port: 40002, ip: "198.18.3.3", hostKey: "ssh-ed25519 AAAA2"),
            ],
            identityFiles: [.root: folder + "/keys/root", .ubuntu: folder + "/keys/ubuntu"],
            knownHostsFile: folder + "/known_hosts", socketFolder: folder + "/s")
    }

    /// What OpenSSH itself makes of the file.
    private func understood(_ destination: String, in folder: String) async throws -> [String: String] {
        let file = folder + "/ssh_config"
        try configuration(in: folder).text.write(toFile: file, atomically: true, encoding: .utf8)
        let output = try await Command("ssh", ["-G", "-F", file, destination]).output()
        #expect(output.exitCode == 0, "\(output.standardError)")
        return output.standardOutput.split(separator: "\n").reduce(into: [:]) { options, line in
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            options[words[0]] = words.count > 1 ? words[1] : ""
        }
    }

    @Test(arguments: ["plain", "with space", "100%", "it's"])
    func openSSHUnderstandsTheFileWhateverTheFolderIsCalled(name: String) async throws {
        try await withTemporaryFolder { temporary in
            let folder = temporary + "/" + name
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let options = try await understood("root@node2", in: folder)
            #expect(options["hostname"] == "127.0.0.1")
            #expect(options["port"] == "40002")
            #expect(options["hostkeyalias"] == "node2")
            #expect(options["stricthostkeychecking"] == "true")
            #expect(options["passwordauthentication"] == "no" || options["batchmode"] == "yes")
            // `ssh -G` prints paths before their percent signs are read.
            #expect(options["identityfile"] == folder.replacingOccurrences(of: "%", with: "%%") + "/keys/root")
        }
    }

    @Test func theUserIsUbuntuUnlessSaidOtherwise() async throws {
        try await withTemporaryFolder { folder in
            let options = try await understood("node1", in: folder)
            #expect(options["user"] == "ubuntu")
            #expect(options["identityfile"] == folder + "/keys/ubuntu")
        }
    }

    @Test(arguments: ["node1", "198.18.3.2", "[127.0.0.1]:40001"])
    func openSSHFindsANodesKeyUnderEachOfItsNames(host: String) async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/known_hosts"
            let pair = try await KeyPair.generate(folder + "/host")
            let configuration = SSHConfiguration(
                hosts: [
                    .init(name: "node1", host: "127.0.0.1", port: 40001, ip: "198.18.3.2", hostKey: pair.publicKey)
                ],
                identityFiles: [:], knownHostsFile: file, socketFolder: folder)
            try configuration.knownHosts.write(toFile: file, atomically: true, encoding: .utf8)
            let output = try await Command("ssh-keygen", ["-F", host, "-f", file]).output()
            #expect(output.standardOutput.contains(pair.publicKey))
        }
    }

    @Test func aNodeKnowsTheOthersByNameAndAddressAndItselfAsLocalhost() {
        let text = SSHConfiguration.knownHosts(
            names: ["node1", "node2"], addresses: ["198.18.3.2", "198.18.3.3"], hostKeys: ["k one", "k two"])
        #expect(
            text == """
                node1,198.18.3.2,localhost,127.0.0.1,::1 k one
                node2,198.18.3.3,localhost,127.0.0.1,::1 k two

                """)
    }
}

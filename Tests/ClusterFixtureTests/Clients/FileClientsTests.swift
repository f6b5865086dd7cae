import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Real, unmodified programs of this machine that keep files on a node by SFTP.
@Suite(.requiresBackend, .serialized, ConformanceClusters(), .timeLimit(.minutes(5)))
struct FileClientsTests {
    private func run(
        _ script: String, _ arguments: [String], _ environment: [String: String] = [:], by starter: [String] = []
    ) async throws -> CommandOutput {
        let words = starter + ["sh", "-c", "set -e\n" + script, "sh"] + arguments
        return try await Command(words[0], Array(words.dropFirst()), environment: environment)
            .output(limit: .seconds(90))
    }

    /// In a mount namespace of its own: nothing is left on this machine, whatever happens.
    @Test(
        .requiresProgram("sshfs"), .requiresRoot,
        .enabled("this machine has no /dev/fuse") { access("/dev/fuse", R_OK | W_OK) == 0 },
        arguments: try await BackendUnderTest.usable())
    func sshfsMountsANodesFilesHere(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        try await withTemporaryFolder { folder in
            let script = """
                sshfs -F "$1" node2:/tmp "$2"
                trap 'fusermount3 -u "$2"' EXIT
                mkdir -p "$2/sshfs/deep"
                seq 200000 >"$2/sshfs/deep/numbers"
                seq 200000 | cmp - "$2/sshfs/deep/numbers"
                mv "$2/sshfs/deep/numbers" "$2/sshfs/moved"
                ln -s moved "$2/sshfs/link"
                readlink "$2/sshfs/link"
                stat -c %s "$2/sshfs/moved"
                """
            let output = try await run(script, [cluster.sshConfigurationFile, folder], by: ["unshare", "--mount"])
            #expect(output.standardOutput == "moved\n1288895\n", "\(output.complaint)")
            let seen = try await cluster[1].run("cd /tmp/sshfs; seq 200000 | cmp - link; stat -c '%U %F' link deep")
            #expect(seen.standardOutput == "ubuntu symbolic link\nubuntu directory\n", "\(seen)")
        }
    }

    /// With what the inventory says: Go's client, which takes no ssh_config.
    @Test(.requiresProgram("rclone"), arguments: try await BackendUnderTest.usable())
    func rcloneSynchronizesAFolder(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let node = cluster[1]
        try await withTemporaryFolder { folder in
            var settings = [
                "RCLONE_CONFIG": "/dev/null", "RCLONE_SFTP_USER": "ubuntu", "RCLONE_RETRIES": "1",
                "RCLONE_LOW_LEVEL_RETRIES": "1",
                "RCLONE_SFTP_KEY_FILE": node.identityFile(), "RCLONE_SFTP_KNOWN_HOSTS_FILE": cluster.knownHostsFile,
            ]
            let script = """
                cd "$1"
                mkdir -p here/deep
                echo "$2" >here/deep/word
                seq 100000 >here/numbers
                rclone sync here ":sftp:there $2"
                rclone check here ":sftp:there $2"
                rm here/numbers
                rclone sync here ":sftp:there $2"
                rclone lsf -R ":sftp:there $2"
                """
            let places = [(node.host, node.port)] + (cluster.hostIP == nil ? [] : [(node.ip, 22)])
            for (host, port) in places {
                settings["RCLONE_SFTP_HOST"] = host
                settings["RCLONE_SFTP_PORT"] = "\(port)"
                let output = try await run(script, [folder, host], settings)
                #expect(output.standardOutput == "deep/\ndeep/word\n", "\(host): \(output.complaint)")
                #expect(try await node.run(["cat", "there \(host)/deep/word"]).standardOutput == host + "\n")
            }
            // Another node's key is not this one's.
            settings["RCLONE_SFTP_KNOWN_HOSTS_FILE"] = folder + "/known"
            let wrong = places.map { "\($0.1 == 22 ? $0.0 : "[\($0.0)]:\($0.1)") \(cluster[0].hostKey)\n" }.joined()
            try wrong.write(toFile: folder + "/known", atomically: true, encoding: .utf8)
            let refused = try await run("rclone lsf :sftp:", [], settings)
            #expect(refused.exitCode != 0 && refused.standardError.contains("key mismatch"), "\(refused)")
        }
    }

    /// By paramiko, with the ssh_config and the known hosts of its user.
    @Test(
        .requiresProgram("duplicity"), .requiresPythonModule("paramiko"),
        arguments: try await BackendUnderTest.usable())
    func duplicityBacksUpAndRestores(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        try await withTemporaryFolder { folder in
            let script = """
                cd "$HOME"
                mkdir .ssh files temporary
                cp "$1" .ssh/config
                cp "$2" .ssh/known_hosts
                echo first >files/word
                touch -d '1 hour ago' files/word
                backup() { duplicity "$@" --no-encryption --archive-dir cache --tempdir temporary --verbosity error --no-print-statistics; }
                backup full files sftp://ubuntu@node2/duplicity
                echo second >files/word
                backup incremental files sftp://ubuntu@node2/duplicity
                backup verify sftp://ubuntu@node2/duplicity files --compare-data
                backup restore sftp://ubuntu@node2/duplicity restored
                cat restored/word
                """
            let words = [cluster.sshConfigurationFile, cluster.knownHostsFile]
            let output = try await run(script, words, ["HOME": folder])
            #expect(output.standardOutput == "second\n", "\(output.complaint)")
            let kept = try await cluster[1].run("ls duplicity | cut -d. -f1 | sort -u")
            #expect(
                kept.standardOutput
                    == "duplicity-full\nduplicity-full-signatures\nduplicity-inc\nduplicity-new-signatures\n")
        }
    }
}

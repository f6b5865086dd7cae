import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

extension ServersTests {
    /// Files that are kept on another machine, by programs that nodes have for it.
    @Suite struct KeptFilesTests {
        #if os(Linux)
        /// Not with Docker, whose containers have no `/dev/fuse` and may not mount. An ordinary user's nodes have this machine's own device.
        @Test(
            .requiresNamespaces,
            .enabled("this user may not open /dev/fuse") {
                geteuid() == 0 || access("/dev/fuse", R_OK | W_OK) == 0
            })
        func aNodeMountsAnothersFilesAsAnyUser() async throws {
            try await ServersTests.withServers(nodes: 2, .namespaces) { cluster in
                let line = """
                    set -e
                    mkdir -p ~/far
                    sshfs node2:/tmp ~/far
                    echo "from $(hostname)" >~/far/word
                    stat -f -c %T ~/far
                    fusermount3 -u ~/far
                    ls ~/far
                    """
                for user in User.allCases {
                    let mounted = try await cluster[0].run(line, as: user, timeout: .seconds(60))
                    #expect(mounted.standardOutput == "fuse\n", "\(mounted)")
                    let word = try await cluster[1].run("stat -c %U /tmp/word; cat /tmp/word; rm /tmp/word", as: user)
                    #expect(word.standardOutput == "\(user)\nfrom node1\n")
                }
            }
        }
        #endif

        /// borg on this machine starts borg on the node.
        @Test(.requiresProgram("borg"), arguments: try await BackendUnderTest.usable())
        func borgKeepsArchivesOnANode(backend: BackendUnderTest) async throws {
            try await withTemporaryFolder { folder in
                try await ServersTests.withServers(nodes: 1, backend) { cluster in
                    let script = """
                        set -e
                        cd "$1"
                        mkdir -p files/deep
                        seq 100000 >files/deep/numbers
                        borg init --encryption repokey
                        borg create ::one files
                        rm files/deep/numbers
                        borg create ::two files
                        borg list --short
                        borg extract ::one
                        seq 100000 | cmp - files/deep/numbers
                        borg check --verify-data
                        """
                    let output = try await Command(
                        "sh", ["-c", script, "sh", folder],
                        environment: [
                            "BORG_REPO": "ssh://node1/./archives", "BORG_RSH": "ssh -F \(cluster.sshConfigurationFile)",
                            "BORG_PASSPHRASE": "secret", "BORG_BASE_DIR": folder,
                        ]
                    ).output(limit: .seconds(300))
                    #expect(output.standardOutput == "one\ntwo\n", "\(output.complaint)")
                    #expect(try await cluster[0].run("cat archives/README").standardOutput.contains("Borg"))
                }
            }
        }
    }
}

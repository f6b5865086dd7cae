import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Real, unmodified clients of other makes, with what the inventory tells them.
///
/// `./test` installs them; where one is missing its test is skipped, unless `CLUSTER_FIXTURE_REQUIRE_CLIENTS` is set.
@Suite(.requiresBackend, .serialized, ConformanceClusters(), .timeLimit(.minutes(10)))
struct ClientsTests {
    private static let everyNode = "node1\nnode2\nnode3\n"

    /// Writes the inventory of a backend's cluster in a format, in a folder for the time of a closure.
    private func withInventory(
        _ backend: BackendUnderTest, _ format: InventoryFormat, _ body: (Inventory, String) async throws -> Void
    ) async throws {
        let inventory = try backend.cluster.inventory
        try await withTemporaryFolder { folder in
            let file = folder + "/inventory"
            try inventory.text(format).write(toFile: file, atomically: true, encoding: .utf8)
            try await body(inventory, file)
        }
    }

    /// A file beside this one.
    private static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name).path
    }

    private func sorted(_ output: CommandOutput) -> String { output.lines.sorted().map { $0 + "\n" }.joined() }

    @Test(.requiresProgram("ansible"), arguments: try await BackendUnderTest.usable())
    func ansiblePingsAndPlays(backend: BackendUnderTest) async throws {
        try await withInventory(backend, .ansible) { _, file in
            let quiet = [
                "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_HOME": file + ".ansible", "ANSIBLE_NOCOLOR": "1",
            ]
            let ping = try await Command("ansible", ["-i", file, "all", "-m", "ping"], environment: quiet).output()
            #expect(
                ping.standardOutput.components(separatedBy: "\"ping\": \"pong\"").count == 4,
                "\(ping.standardOutput)\(ping.standardError)")
            let playbook = """
                - hosts: cluster
                  gather_facts: false
                  tasks:
                    - copy: { dest: "/tmp/who-{{ ansible_user }}", content: "{{ inventory_hostname }} {{ ansible_user }}" }
                """
            try playbook.write(toFile: file + ".yml", atomically: true, encoding: .utf8)
            for user in User.allCases {
                let words = ["-i", file, "-e", "ansible_user=\(user)", file + ".yml"]
                let play = try await Command("ansible-playbook", words, environment: quiet).output()
                #expect(play.exitCode == 0, "\(play.standardOutput)")
                let written = try await backend.cluster[1].run("stat -c %U /tmp/who-\(user); cat /tmp/who-\(user)")
                #expect(written.standardOutput == "\(user)\nnode2 \(user)")
            }
        }
    }

    @Test(.requiresProgram("pdsh"), arguments: try await BackendUnderTest.usable())
    func pdshReachesEveryNode(backend: BackendUnderTest) async throws {
        try await withInventory(backend, .hostfile) { inventory, file in
            let output = try await Command(
                "pdsh", ["-R", "ssh", "-N", "-w", "^" + file, "hostname"],
                environment: ["PDSH_SSH_ARGS_APPEND": "-F \(inventory.sshConfig)"]
            ).output()
            #expect(sorted(output) == Self.everyNode, "\(output.complaint)")
        }
    }

    @Test(.requiresProgram("clush"), arguments: try await BackendUnderTest.usable())
    func clushReachesEveryNode(backend: BackendUnderTest) async throws {
        let words = ["-N", "-o", "-F \(try backend.cluster.sshConfigurationFile)", "-w", "node[1-3]", "hostname"]
        let output = try await Command("clush", words).output()
        #expect(sorted(output) == Self.everyNode, "\(output.complaint)")
    }

    @Test(.requiresProgram("parallel"), arguments: try await BackendUnderTest.usable())
    func parallelSharesWorkOut(backend: BackendUnderTest) async throws {
        try await withInventory(backend, .hostfile) { inventory, file in
            let words = [
                "--ssh", "ssh -F \(inventory.sshConfig)", "--sshloginfile", file, "--jobs", "1", "echo {} $(hostname)",
                ":::", "a", "b", "c",
            ]
            let home = ["PARALLEL_HOME": file + ".parallel"]
            let output = try await Command("parallel", words, environment: home).output()
            #expect(
                Set(output.lines.compactMap { $0.split(separator: " ").first }) == ["a", "b", "c"],
                "\(output.complaint)")
            #expect(Set(output.lines.compactMap { $0.split(separator: " ").last }) == ["node1", "node2", "node3"])
        }
    }

    /// With the inventory's host, port, key and pinned host key: no policy that takes any host key.
    @Test(.requiresPythonClients, arguments: try await BackendUnderTest.usable(), ["paramiko", "asyncssh", "fabric"])
    func pythonsClientsCheckTheHostKey(backend: BackendUnderTest, client: String) async throws {
        try await withInventory(backend, .json) { _, file in
            let output = try await Command(PythonClients.interpreter, [Self.script("clients.py"), client, file])
                .output()
            #expect(
                output.standardOutput == "node1 ubuntu\nnode2 ubuntu\nnode3 ubuntu\nwrong key refused\n",
                "\(output.complaint)")
        }
    }

    /// With nothing but the cluster's ssh_config and known_hosts: by names and addresses, and through another node.
    @Test(.requiresPythonClients, arguments: try await BackendUnderTest.usable(), ["paramiko", "asyncssh", "fabric"])
    func pythonsClientsFindTheirWayByTheConfiguration(backend: BackendUnderTest, client: String) async throws {
        try await withInventory(backend, .json) { _, file in
            let words = [Self.script("configured.py"), client, file]
            let output = try await Command(PythonClients.interpreter, words).output()
            #expect(
                output.standardOutput == "node1 ubuntu\nnode2 ubuntu\nnode3 ubuntu\nthrough node1\n",
                "\(output.complaint)")
        }
    }

    @Test(.requiresProgram("ruby"), arguments: try await BackendUnderTest.usable())
    func rubysClientFindsItsWayByTheConfiguration(backend: BackendUnderTest) async throws {
        try await withInventory(backend, .json) { _, file in
            let output = try await Command("ruby", [Self.script("configured.rb"), file]).output()
            let expected = ["node1", "node2", "node3"].flatMap { Array(repeating: "\($0) ubuntu", count: 3) }
            #expect(output.lines == expected + ["node1"], "\(output.complaint)")
        }
    }

    /// curl's own client is libssh2's, or libssh's, which looks into the known_hosts of the home.
    @Test(.requiresProgram("curl"), arguments: try await BackendUnderTest.usable())
    func curlFetchesFilesBySFTP(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let node = cluster[1]
        let (user, key) = (User.ubuntu, node.identityFile())
        try await withTemporaryFolder { home in
            try FileManager.default.createDirectory(atPath: home + "/.ssh", withIntermediateDirectories: true)
            func fetch(_ place: String, knowing text: String) async throws -> CommandOutput {
                try text.write(toFile: home + "/.ssh/known_hosts", atomically: true, encoding: .utf8)
                let words = ["--silent", "--show-error", "--user", "\(user):", "--key", key, "--pubkey", key + ".pub"]
                return try await Command(
                    "curl", words + ["--noproxy", "*", "sftp://\(place)/etc/hostname"], environment: ["HOME": home]
                ).output(limit: .seconds(60))
            }
            let known = try String(contentsOfFile: cluster.knownHostsFile, encoding: .utf8)
            let places = ["\(node.host):\(node.port)"] + (cluster.hostIP == nil ? [] : [node.ip])
            for place in places {
                let output = try await fetch(place, knowing: known)
                #expect(output.standardOutput == "node2\n", "\(place): \(output.complaint)")
                // The same file with another node's key for this one is of no use.
                let wrong = known.replacingOccurrences(of: node.hostKey, with: cluster[0].hostKey)
                #expect(try await fetch(place, knowing: wrong).standardOutput == "")
            }
        }
    }
}

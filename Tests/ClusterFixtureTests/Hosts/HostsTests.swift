#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Existing machines are a cluster, and are left as they were.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct HostsTests {
    enum Format: CaseIterable, Sendable { case list, openSSH, ansible, ansibleYAML }

    private func file(_ format: Format, of lab: Lab) throws -> String {
        switch format {
        case .list: return try lab.hosts()
        case .openSSH: return lab.cluster.sshConfigurationFile
        case .ansible: return try lab.file("inventory", lab.cluster.inventory.text(.ansible))
        case .ansibleYAML:
            let hosts = lab.cluster.nodes.map { node in
                let (address, port) = TestHosts.reached(node, of: lab.cluster)
                return "    \(node.name): {ansible_host: \(address), ansible_port: \(port)}\n"
            }
            return try lab.file(
                "inventory.yaml",
                """
                all:
                  vars:
                    ansible_user: ubuntu
                    ansible_ssh_private_key_file: \(lab.cluster[0].identityFile())
                    ansible_ssh_common_args: -o UserKnownHostsFile=\(lab.cluster.knownHostsFile)
                  hosts:
                \(hosts.joined())
                """)
        }
    }

    @Test(arguments: Format.allCases) func theyAreReadFromEachKindOfFile(format: Format) async throws {
        try await Lab.with { lab in
            try await withCluster(nodes: 3, backend: .hosts(file(format, of: lab)), name: "taken") { cluster in
                #expect(cluster.nodes.map(\.name) == ["node1", "node2", "node3"])
                for (node, host) in zip(cluster.nodes, lab.cluster.nodes) {
                    #expect(try await node.run("hostname; id -un").lines == [node.name, "ubuntu"])
                    // Where an ssh_config has a way to a node's own address, that is the way.
                    let isByAddress = format == .openSSH || format == .ansible
                    let (address, port) = isByAddress ? (host.ip, 22) : TestHosts.reached(host, of: lab.cluster)
                    #expect(node.host == address && node.port == port && node.ip == host.ip)
                    #expect(node.hostKey == host.hostKey)
                    for name in [node.name, node.fqdn] {
                        let ssh = Command("ssh", ["-F", cluster.sshConfigurationFile, name, "hostname"])
                        let output = try await ssh.output()
                        #expect(output.standardOutput == host.name + "\n", "\(name): \(output.complaint)")
                    }
                }
                #expect(cluster.hostIP == lab.cluster.hostIP)
                #expect(cluster.backendName == "hosts")
                let inventory = cluster.inventory
                #expect(inventory.nodes[0].users.first?.name == "ubuntu")
                #expect(inventory.nodes[0].folder == "/tmp/cf-\(cluster.id)")
            }
            #expect(try await lab.left() == [])
        }
    }

    @Test func aClusterWorksInAFolderOfItsOwnWithItsVariables() async throws {
        try await Lab.with { lab in
            let configuration = ClusterConfiguration(
                backend: .hosts(try lab.hosts()), environment: ["WORD": "it's $HOME"])
            try await withCluster(configuration) { cluster in
                let folder = "/tmp/cf-\(cluster.id)"
                for user in User.allCases {
                    let result = try await cluster[0].run(
                        "pwd; echo $TMPDIR; mktemp; echo $WORD; echo $OWN", as: user, environment: ["OWN": "a  b"]
                    ).requireSuccess()
                    #expect(result.lines.prefix(2) == ["\(folder)/work", "\(folder)/tmp"])
                    #expect(result.lines[2].hasPrefix(folder + "/tmp/"))
                    #expect(result.lines.suffix(2) == ["it's $HOME", "a b"])
                }
                let output = try await cluster.handle.execute(["sh", "-c", "id -un; pwd; exit 7"], on: "node1")
                #expect(output.lines == ["root", folder + "/work"] && output.exitCode == 7)
                #expect(try await cluster.handle.execute(["sh", "-c", "kill -9 $$"], on: "node1").exitCode == 137)
                let words = ["$(id)", "a b", "it's", "", "-rf", "a\nb", "é"]
                let printed = try await cluster.handle.execute(["printf", "%s|"] + words, on: "node1")
                #expect(printed.standardOutput == words.map { $0 + "|" }.joined())
                let large = [UInt8](String(repeating: "0123456789abcde\n", count: 100_000).utf8)
                let echoed = try await cluster.handle.execute(["cat"], on: "node1", input: large)
                #expect(echoed.standardOutput.utf8.elementsEqual(large))
                // Nobody else gets in.
                #expect(
                    try await lab.on("node1", "setpriv --reuid 65534 --clear-groups ls \(folder)/work 2>&1")
                        .contains { $0.contains("Permission denied") })
            }
        }
    }

    @Test func whatWasStartedIsEndedAndNothingElse() async throws {
        try await Lab.with { lab in
            try await lab.on(
                "node1",
                "su ubuntu -c 'setsid sleep 4720 >/dev/null 2>&1 &'; mkdir /tmp/cf-others; touch /tmp/cf-others/x")
            try await withCluster(backend: .hosts(lab.hosts())) { cluster in
                for user in User.allCases {
                    try await cluster[0].run(
                        """
                        sleep 4721 >/dev/null 2>&1 &
                        env -i sleep 4722 >/dev/null 2>&1 &
                        setsid sleep 4723 >/dev/null 2>&1 &
                        sh -c 'trap "" TERM; while :; do sleep 4724; done' >/dev/null 2>&1 &
                        mkdir -p \(user)/deep; touch \(user)/deep/file; chmod 0 \(user)/deep
                        """, as: user
                    ).requireSuccess()
                }
                // So is what any client of the cluster's ssh_config has started.
                let ssh = ["-F", cluster.sshConfigurationFile, "node1", "setsid sleep 4725 >/dev/null 2>&1 &"]
                #expect(try await Command("ssh", ssh).output().succeeded)
                #expect(try await lab.on("node1", "pgrep -c 'sleep'")[0] != "1")
            }
            #expect(try await lab.on("node1", "pgrep -a sleep").map { $0.split(separator: " ").last } == ["4720"])
            #expect(try await lab.left() == ["node1: /tmp/cf-others"])
        }
    }

    @Test func rootIsRefusedWhereNobodyLogsInAsRoot() async throws {
        try await Lab.with { lab in
            try await withCluster(backend: .hosts(lab.hosts(root: false))) { cluster in
                let error = try await #require(throws: ClusterError.self) { try await cluster[0].run("id", as: .root) }
                #expect(error.code == .backendUnavailable && error.message.contains("node1 as root"), "\(error)")
                #expect(try await cluster.handle.execute(["id", "-un"], on: "node1").lines == ["ubuntu"])
                #expect(cluster.inventory.nodes[0].users.map(\.name) == ["ubuntu"])
                try await cluster[0].run("mkdir locked; touch locked/x; chmod 0 locked").requireSuccess()
            }
            #expect(try await lab.left() == [])
        }
    }

    @Test func nothingOfThemIsBroken() async throws {
        try await Lab.with { lab in
            try await withCluster(nodes: 2, backend: .hosts(lab.hosts())) { cluster in
                let attempts: [@Sendable () async throws -> Void] = [
                    { try await cluster[0].kill() }, { try await cluster[0].pause() },
                    { try await cluster[0].ssh.refuseLogins() }, { try await cluster[0].ssh.heal() },
                    { try await cluster[0].names.missing("x") },
                    { try await cluster[0].setClock(offset: .seconds(60)) },
                    { try await cluster[0].disk.fill() }, { try await cluster[0].degrade(latency: .milliseconds(10)) },
                    { try await cluster.reset() }, { _ = try await cluster.handle.heal() },
                ]
                for (number, attempt) in attempts.enumerated() {
                    let error = try await #require(throws: ClusterError.self, "\(number)") { try await attempt() }
                    #expect(error.code == .backendUnavailable, "\(number): \(error)")
                }
            }
        }
    }

    @Test func moreCommandsRunAtOnceThanAConnectionMayCarry() async throws {
        try await Lab.with { lab in
            try await lab.on(
                "node1",
                "sed -i 's/^MaxSessions .*/MaxSessions 10/' /etc/ssh/sshd_config; kill -HUP $(cat /run/sshd.pid)")
            try await withCluster(backend: .hosts(lab.hosts())) { cluster in
                let node = cluster[0]
                try await node.run("mkfifo gate").requireSuccess()
                let outputs = try await withThrowingTaskGroup(of: String.self) { group in
                    for number in 0..<30 {
                        group.addTask { try await node.run("echo \(number); read line <gate").standardOutput }
                    }
                    // None ends before all have begun.
                    #expect(
                        try await eventually {
                            try await lab.on("node1", "grep -lsz LC_CLUSTER_FIXTURE /proc/[0-9]*/environ | wc -l")[0]
                                == "30"
                        })
                    try await lab.on(
                        "node1",
                        "for i in $(seq 100); do echo >/tmp/cf-\(cluster.id)/work/gate & done; sleep 1; kill $(jobs -p) 2>/dev/null; true"
                    )
                    return try await group.reduce(into: Set<String>()) { $0.insert($1) }
                }
                #expect(outputs == Set((0..<30).map { "\($0)\n" }))
            }
        }
    }

    @Test func testsThatNeedMoreAreSkippedWithAReason() async throws {
        try await Lab.with { lab in
            let (open, closed) = (BackendChoice.hosts(try lab.hosts()), BackendChoice.hosts(try lab.hosts(root: false)))
            #expect(await open.lack(of: [.root]) == nil)
            #expect(await closed.lack(of: [.root])?.contains("node1") == true)
            #expect(await open.lack(of: [.faults]) != nil)
            #expect(await open.lack(of: [.ownMachines]) != nil)
            #expect(await BackendChoice.namespaces.lack(of: ClusterNeed.allCases) == nil)
        }
    }
}
#endif

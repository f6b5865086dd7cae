#if os(Linux)
import ClusterFixture
import FixtureTestSupport
import Foundation
import Testing

/// Existing machines are as they were, also where a cluster can't be had.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct UntouchedHostsTests {
    /// What is in the folders in which a machine keeps what it is, and the names that are in those for everybody.
    private func listing(_ lab: Lab) async throws -> [String: Set<String>] {
        let script = """
            find /etc /root /home /var/lib /usr/local -printf '%p %y %m %U:%G %s %T@ %l\\n'
            ls -A /tmp /var/tmp /dev/shm /opt /srv
            """
        var listing: [String: Set<String>] = [:]
        for node in lab.cluster.nodes { listing[node.name] = Set(try await lab.on(node.name, script)) }
        return listing
    }

    @Test func whatAMachineHasIsTheSameAfterAClusterAsBefore() async throws {
        try await Lab.with { lab in
            let before = try await listing(lab)
            for part in ["/etc/passwd f 644 0:0 ", "/home/ubuntu d ", "/root/.ssh d ", "/usr/local/bin d 755 0:0 "] {
                #expect(before["node1"]?.contains { $0.hasPrefix(part) } == true, "\(part)")
            }
            try await withCluster(nodes: 3, backend: .hosts(lab.hosts())) { cluster in
                for node in cluster.nodes {
                    for user in User.allCases {
                        let line = "mkdir made && echo $HOME >made/file && mktemp && python3 -c 'print(1)'"
                        try await node.run(line, as: user).requireSuccess()
                        try await node.run("rm -r made; setsid sleep 600 >/dev/null 2>&1 &", as: user).requireSuccess()
                        try await node.upload(from: Checkout.path + "/docker", to: "copied", as: user)
                        try await node.download(from: "copied", to: "\(lab.folder)/\(node.name)-\(user)", as: user)
                        try await node.run("rm -rf copied", as: user).requireSuccess()
                    }
                    let program = try await cluster.handle.execute(["sh", "-c", "umask 0; date >dated"], on: node.name)
                    #expect(program.exitCode == 0)
                    let port = try await node.forwardPort(22)
                    #expect(port > 0)
                }
                try await cluster.run("bash -lc 'cd; pwd'", as: .root).requireSuccess()
                let ssh = ["-F", cluster.sshConfigurationFile, "root@node2", "id"]
                #expect(try await Command("ssh", ssh).output().succeeded)
            }
            let after = try await listing(lab)
            for node in lab.cluster.nodes {
                let difference = before[node.name]?.symmetricDifference(after[node.name] ?? [])
                #expect(difference == [], "\(node.name)")
            }
            #expect(try await lab.left() == [])
            // It would be seen.
            try await lab.on("node2", "touch /home/ubuntu/.ssh/config")
            let touched = try await listing(lab)["node2"]?.subtracting(after["node2"] ?? [])
            #expect(
                touched?.map { String($0.prefix { $0 != " " }) }.sorted() == [
                    "/home/ubuntu/.ssh", "/home/ubuntu/.ssh/config",
                ])
        }
    }

    /// Who has logged in to the machines so far, as their sshds tell.
    private func logins(_ lab: Lab) async throws -> [String: [String]] {
        let logins = try await lab.cluster.logs().mapValues { $0.split(separator: "\n").map(String.init) }.mapValues {
            $0.filter { $0.contains("Accepted publickey") }
        }
        // The lab's own, by which it was proved.
        #expect(logins.count == 3 && logins.values.allSatisfy { !$0.isEmpty })
        return logins
    }

    /// What a test may ask for that is no machine's that was there before, and what the refusal says of it.
    private static let demands: [(String, @Sendable (inout ClusterConfiguration) -> Void)] = [
        ("the image dask (a machine keeps its own programs)", { $0.image = .dask }),
        ("the image dask (", { $0.roles = [.login, NodeRole("compute", image: .dask)] }),
        ("the service slurm (it would be set up as root)", { $0.services = [.slurm()] }),
        ("the service shared-home (", { $0.services = [.sharedFolder("/home")] }),
        ("the service jupyter (", { $0.services = [.jupyterLab()] }),
        ("limits of nodes (a machine has what it has)", { $0.limits.memory = 1 << 30 }),
        ("mounts (this machine's folders are not there)", { $0.mounts = [Mount("/tmp", at: "/data")] }),
        ("published ports (", { $0.ports = [8787] }),
        (
            "a site's layout (their network stays as it is)",
            {
                $0.roles = [.login, .compute(1)]
                $0.site = .university
            }
        ),
        ("a subnet (they have addresses)", { $0.subnets = "198.19.0.0/16" }),
        ("addresses of IPv6 (", { $0.ipv6 = true }),
        ("the name host.cluster (their /etc/hosts stays as it is)", { $0.hostAccess = true }),
        ("sudo (what users may do stays as it is)", { $0.sudo = true }),
        ("logins by password (", { $0.passwordLogins = true }),
        ("Linux capabilities (", { $0.capabilities = ["SYS_PTRACE"] }),
        ("RSA host keys (they have host keys)", { $0.rsaHostKeys = true }),
        ("the record of packets (", { $0.packets = true }),
    ]

    @Test func whatMachinesHaveNotIsRefusedByNameBeforeAnybodyLogsIn() async throws {
        try await Lab.with { lab in
            let (file, before) = (try lab.hosts(), try await logins(lab))
            for (words, ask) in Self.demands {
                var asked = ClusterConfiguration(backend: .hosts(file))
                ask(&asked)
                let configuration = asked
                let error = try await #require(throws: ClusterError.self, "\(words)") {
                    try await Cluster.start(configuration)
                }
                #expect(error.code == .invalidConfiguration, "\(error)")
                let sentence = "Existing machines (the hosts backend) can't be given \(words)"
                #expect(error.message.hasPrefix(sentence), "\(error)")
                // And nothing else, such as what a service would bring along.
                #expect(error.message.count { $0 == "(" } == 2, "\(error)")
                #expect(error.remedy.contains(".requires(.ownMachines)"), "\(error)")
            }
            try await CommandLine.with(nil) { command in
                let asked = [
                    "up", "--hosts", file, "--image", "dask", "--memory", "1g", "--service", "slurm", "--publish", "80",
                    "--sudo",
                ]
                let up = try await command.run(asked)
                #expect(up.exitCode == 64)
                for word in ["service slurm", "image dask", "limits of nodes", "published ports", "sudo"] {
                    #expect(up.standardError.contains(word), "\(word): \(up.standardError)")
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: command.folder) == [])
            }
            #expect(try await logins(lab) == before)
            #expect(try await lab.left() == [])
        }
    }

    /// What only a test itself knows that it needs.
    @Test func aTestThatNeedsMoreIsSkippedBeforeAnybodyLogsIn() async throws {
        try await Lab.with { lab in
            let (open, closed) = (BackendChoice.hosts(try lab.hosts()), BackendChoice.hosts(try lab.hosts(root: false)))
            let before = try await logins(lab)
            for (needs, backend, runs) in [
                (ClusterNeed.root, open, true), (.root, closed, false), (.faults, open, false),
                (.ownMachines, open, false), (.thisMachine, open, false),
            ] {
                let trait: ConditionTrait = .requires(needs, on: backend)
                #expect(try await trait.evaluate() == runs, "\(needs) on \(backend)")
            }
            let reason = await closed.lack(of: [.root])
            #expect(reason?.contains("node1.\(lab.cluster.name) lets nobody log in as root") == true, "\(reason ?? "")")
            #expect(try await logins(lab) == before)
            #expect(try await lab.left() == [])
        }
    }
}
#endif

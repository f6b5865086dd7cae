import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Ansible with the inventory that a cluster gives it, in which nothing stands that Ansible's own options and a play could not change.
@Suite(.requiresBackend, .requiresProgram("ansible"), .serialized, .timeLimit(.minutes(10)))
struct AnsibleTests {
    private func withSudoers(
        _ backend: BackendUnderTest,
        _ body: (Cluster, ([String], String) async throws -> CommandOutput) async throws -> Void
    ) async throws {
        try await withCluster(nodes: 2, backend: backend.choice, configure: { $0.sudo = true }) { cluster in
            try await withTemporaryFolder { folder in
                let (inventory, playbook) = (folder + "/inventory", folder + "/play.yml")
                try cluster.inventory.text(.ansible).write(toFile: inventory, atomically: true, encoding: .utf8)
                let quiet = [
                    "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_HOME": folder + "/ansible", "ANSIBLE_NOCOLOR": "1",
                ]
                try await body(cluster) { words, play in
                    try play.write(toFile: playbook, atomically: true, encoding: .utf8)
                    return try await Command(
                        "ansible-playbook", ["-i", inventory, playbook] + words, environment: quiet
                    ).output()
                }
            }
        }
    }

    /// A play that notes on each node who ran it.
    private func play(_ settings: String, mark: String) -> String {
        """
        - hosts: cluster
          gather_facts: false
          \(settings)
          tasks:
            - shell: id -un >/tmp/\(mark)
        """
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func whoLogsInIsForAnsibleAndThePlayToSay(backend: BackendUnderTest) async throws {
        try await withSudoers(backend) { cluster, play in
            for (mark, words, settings, expected) in [
                ("default", [], "become: false", "ubuntu"),
                ("option", ["-u", "root"], "become: false", "root"),
                ("play", [], "remote_user: root", "root"),
                ("become", [], "become: true", "root"),
                ("become-user", ["-u", "root", "--become-user", "ubuntu"], "become: true", "ubuntu"),
            ] {
                let output = try await play(words, self.play(settings, mark: mark))
                #expect(output.exitCode == 0, "\(mark): \(output.standardOutput)\(output.standardError)")
                for node in cluster.nodes {
                    let written = try await node.run("cat /tmp/\(mark)").standardOutput
                    #expect(written == expected + "\n", "\(mark) on \(node)")
                }
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func factsAreWhatTheNodesAre(backend: BackendUnderTest) async throws {
        try await withSudoers(backend) { cluster, play in
            let facts = ["hostname", "fqdn", "domain", "nodename", "distribution", "user_id", "default_ipv4.address"]
            let content = facts.map { "{{ ansible_facts.\($0) }}" }.joined(separator: " ")
            let output = try await play(
                [],
                """
                - hosts: cluster
                  tasks:
                    - copy:
                        dest: /tmp/facts
                        content: "\(content) {{ ansible_facts.all_ipv4_addresses | join(',') }}"
                    - assert: { that: "ansible_facts.processor_vcpus > 0 and ansible_facts.memtotal_mb > 0" }
                """)
            #expect(output.exitCode == 0, "\(output.standardOutput)\(output.standardError)")
            for node in cluster.nodes {
                let domain = "\(cluster.name).test"
                #expect(
                    try await node.run("cat /tmp/facts").standardOutput
                        == "\(node.name) \(node.fqdn) \(domain) \(node.name) Debian ubuntu \(node.ip) \(node.ip)")
            }
        }
    }

    /// Ansible's own words for services and users mean on a node what they mean on any machine.
    @Test(arguments: try await BackendUnderTest.usable())
    func servicesAndUsersAreAsThePlaySays(backend: BackendUnderTest) async throws {
        try await withSudoers(backend) { cluster, play in
            let text = """
                - hosts: cluster
                  become: true
                  tasks:
                    - service: { name: ssh, state: started }
                      register: again
                    - assert: { that: "not again.changed" }
                    - service: { name: ssh, state: restarted }
                      register: restarted
                    - assert: { that: restarted.changed }
                    - wait_for: { port: 22 }
                    - user: { name: grace, shell: /bin/bash, generate_ssh_key: false }
                    - file: { path: /home/grace/.ssh, state: directory, owner: grace, mode: "0700" }
                    - copy:
                        src: /home/ubuntu/.ssh/authorized_keys
                        dest: /home/grace/.ssh/authorized_keys
                        owner: grace
                        mode: "0600"
                        remote_src: true
                    - hostname: { name: "{{ inventory_hostname }}" }
                    # With Docker the file is a mount of the engine's, which can be written but not replaced.
                    - lineinfile: { path: /etc/hosts, line: 192.0.2.1 elsewhere, unsafe_writes: true }
                """
            let output = try await play([], text)
            #expect(output.exitCode == 0, "\(output.standardOutput)\(output.standardError)")
            let login = try await cluster[0].run("ssh grace@node2 id -un")
            #expect(login.standardOutput == "grace\n", "\(login)")
        }
    }

    /// The module compares the time of the last start before and after. In a container the kernel tells this machine's: there
    /// `/run/boot_id` says it.
    @Test(arguments: try await BackendUnderTest.usable())
    func theRebootModuleStartsNodesAnew(backend: BackendUnderTest) async throws {
        try await withSudoers(backend) { cluster, play in
            for node in cluster.nodes { try await node.run("echo kept > kept; sudo touch /run/gone").requireSuccess() }
            let told = backend == .docker ? ", boot_time_command: cat /run/boot_id" : ""
            let output = try await play(
                [],
                """
                - hosts: cluster
                  gather_facts: false
                  become: true
                  tasks:
                    - reboot: { reboot_timeout: 60\(told) }
                      register: rebooted
                    - assert: { that: rebooted.rebooted }
                """)
            #expect(output.exitCode == 0, "\(output.standardOutput)\(output.standardError)")
            for node in cluster.nodes {
                let seen = try await node.run("cat kept; ls /run/gone")
                #expect(seen.standardOutput == "kept\n" && seen.exitCode != 0)
            }
        }
    }
}

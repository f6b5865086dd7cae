import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Files of nodes that are kept and given back, on each backend.
@Suite(.requiresBackend)
struct SnapshotTests {
    private static let mark =
        "echo kept > /root/mark; rm -rf /etc/motd /usr/share/keyrings; mkdir -p /srv/own; touch /srv/own/file; chown ubuntu /srv/own/file; mkfifo /srv/pipe; useradd --create-home somebody; echo x > /tmp/file"
    private static let look = """
        cat /root/mark; ls -d /etc/motd /usr/share/keyrings 2>&1 | grep -c 'No such'; stat -c '%n %U %F' /srv/own/file /srv/pipe
        id -un somebody; ls -A /home/somebody | wc -l
        """

    @Test(arguments: try await BackendUnderTest.usable())
    func anImageOfANodeMakesOtherNodes(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 1, backend: backend.choice) { cluster in
            let node = cluster[0]
            try await node.run(Self.mark, as: .root).requireSuccess()
            let image = try await node.snapshot()
            // It goes on.
            let seen = try await node.run(Self.look, as: .root).standardOutput
            #expect(seen.hasPrefix("kept\n"))
            try await withCluster(nodes: 2, image: image, backend: backend.choice) { other in
                try await check(other, seen)
                #expect(other[0].hostKey != node.hostKey)
            }
            try await image.removeSnapshot()
            await #expect(throws: ClusterError.self) {
                try await withCluster(nodes: 1, image: image, backend: backend.choice) { _ in }
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func anImageHasNoSecretOfItsCluster(_ backend: BackendUnderTest) async throws {
        var configuration = ClusterConfiguration(nodes: 1, backend: backend.choice)
        configuration.environment = ["TOKEN": "hunter2"]
        configuration.passwordLogins = true
        configuration.sudo = true
        try await withCluster(configuration) { cluster in
            #expect(
                try await cluster[0].run("sudo -n true && grep -c '^ubuntu:\\$' /etc/shadow", as: .root).exitCode == 0)
            let image = try await cluster[0].snapshot()
            try await withCluster(nodes: 1, image: image, backend: backend.choice) { other in
                let found = try await other[0].run("grep -rlI hunter2 /etc /root /home", as: .root)
                #expect(found.standardOutput == "")
                #expect(try await other[0].run("sudo -n true").exitCode != 0)
                #expect(try await other[0].run("grep -E '^(root|ubuntu):[$]' /etc/shadow", as: .root).exitCode == 1)
                #expect(
                    try await other[0].run("grep -r '^PasswordAuthentication yes' /etc/ssh", as: .root).exitCode == 1)
            }
            try await image.removeSnapshot()
        }
    }

    private func check(_ cluster: Cluster, _ seen: String) async throws {
        let others = cluster.nodes.map { "ssh -o BatchMode=yes \($0.name) hostname" }.joined(separator: "; ")
        for node in cluster.nodes {
            #expect(try await node.run(Self.look, as: .root).standardOutput == seen)
            #expect(try await node.run(others).lines == cluster.nodes.map(\.name))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aClusterBecomesWhatItWas(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, services: [.sharedFolder("/shared")], backend: backend.choice) { cluster in
            try await cluster[0].run(Self.mark + "; echo both > /shared/file", as: .root).requireSuccess()
            let seen = try await cluster[0].run(Self.look, as: .root).standardOutput
            try await cluster.snapshot("warm")
            for node in cluster.nodes {
                try await node.run("rm -rf /root/mark /srv/own /shared/*; echo later > /root/later", as: .root)
            }
            try await cluster[1].kill()
            try await cluster.restore("warm")
            try await cluster.restore("warm")
            #expect(try await cluster[0].run(Self.look, as: .root).standardOutput == seen)
            for node in cluster.nodes {
                #expect(
                    try await node.run("cat /shared/file; test ! -e /root/later", as: .root).standardOutput == "both\n")
            }
            await #expect(throws: ClusterError.self) { try await cluster.restore("cold") }
            await #expect(throws: ClusterError.self) { try await cluster.snapshot("../x") }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aSlurmComesBackWithItsFinishedJobs(_ backend: BackendUnderTest) async throws {
        try await withCluster(
            roles: [.login, .compute(1)], services: [.slurm(accounting: true)], backend: backend.choice
        ) { cluster in
            let login = cluster["login1"]
            try await login.run("sbatch --wait --job-name before --wrap true").requireSuccess()
            let before = try await jobs(login)
            #expect(before.count == 1 && before[0].hasSuffix("|COMPLETED"))
            try await cluster.snapshot("done")
            try await cluster.reset()
            // A Slurm as new works, and knows of nothing.
            #expect(try await login.run("srun hostname").requireSuccess().standardOutput == "compute1\n")
            #expect(try await jobs(login) == [])
            try await cluster.restore("done")
            #expect(try await jobs(login) == before)
            #expect(try await login.run("srun hostname").requireSuccess().standardOutput == "compute1\n")
        }
    }

    private func jobs(_ login: Node) async throws -> [String] {
        try await login.run("sacct --allusers --noheader --parsable2 --format=jobid,jobname,state")
            .requireSuccess().lines.filter { $0.contains("|before|") }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aForkIsASecondClusterWithTheSameFiles(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            try await cluster[1].run(Self.mark, as: .root).requireSuccess()
            let seen = try await cluster[1].run(Self.look, as: .root).standardOutput
            let fork = try await cluster.fork(name: "fork")
            do {
                #expect(try await fork[1].run(Self.look, as: .root).standardOutput == seen)
                #expect(fork[1].hostKey != cluster[1].hostKey && fork[1].ip != cluster[1].ip)
                #expect(try await fork[0].run("ssh -o BatchMode=yes node2 hostname").standardOutput == "node2\n")
                try await fork[1].run("rm /root/mark", as: .root).requireSuccess()
                #expect(try await cluster[1].run("cat /root/mark", as: .root).standardOutput == "kept\n")
            } catch {
                try await fork.stop()
                throw error
            }
            try await fork.stop()
        }
    }
}

import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// Nodes that are made as new on an engine, and images that are made of nodes.
@Suite(.requiresDocker, .timeLimit(.minutes(5)))
struct DockerSnapshotTests {
    private let engine = DockerEngine()

    /// Makes nodes of a cluster as new, and waits until they are ready.
    private func reset(_ nodes: [Node], of cluster: Cluster) async throws {
        try await #require(cluster.handle as? any NodeResetting).reset(nodes.map(\.name))
        for node in nodes {
            await node.access.forget(node.name)
            try await node.waitUntilReady()
        }
    }

    @Test func aNodeIsAsNewWhileTheOthersGoOnAndWhatTheyShareStays() async throws {
        try await withCluster(nodes: 3, services: [.sharedFolder("/home")], backend: .docker) { cluster in
            try await cluster[1].run("echo shared > shared; echo own > /tmp/own").requireSuccess()
            try await cluster[0].run("rm -rf /etc/ssh /root/.ssh", as: .root).requireSuccess()
            try await reset([cluster[0]], of: cluster)
            // It had the folders first: another node hands them on now.
            #expect(try await cluster[0].run("cat shared").standardOutput == "shared\n")
            #expect(try await cluster[1].run("cat shared /tmp/own").standardOutput == "shared\nown\n")
            #expect(try await cluster[1].run("ssh -o BatchMode=yes node1 cat shared").standardOutput == "shared\n")
            try await cluster[2].pause()
            try await reset(cluster.nodes, of: cluster)
            for node in cluster.nodes {
                #expect(try await node.run("ls shared /tmp/own 2>/dev/null").standardOutput.isEmpty)
            }
            try await cluster[2].run("echo again > again").requireSuccess()
            #expect(try await cluster[0].run("cat again").standardOutput == "again\n")
            let volumes = try await engine.lines([
                "inspect", "--format", "{{range .Mounts}}{{if eq .Type \"volume\"}}{{println .Name}}{{end}}{{end}}",
                DockerArguments.container(cluster.clusterID, "node1"),
            ])
            #expect(volumes.count == 1)
            try await cluster.stop()
            #expect(try await engine.ask(["volume", "inspect", volumes[0]]).exitCode != 0)
        }
    }

    /// What there is on a node that somebody may have left there.
    private static let look = """
        find / -xdev ! -path '/var/log/*' ! -path '/run/*' -printf '%p %y %m %U %G %l\\n' | sort
        find /run /dev/shm -xdev -printf '%p %y %m %U %G\\n' | sort
        find /etc /home /root -xdev -type f ! -name machine-id -exec md5sum {} + | sort
        ps -e -o comm= | grep -v -x -e ps -e sort -e grep -e sh -e bash | sort
        """

    private func container(_ node: Node, of cluster: Cluster) async throws -> String {
        try await engine.lines([
            "inspect", "--format", "{{.Id}}", DockerArguments.container(cluster.clusterID, node.name),
        ])[0]
    }

    @Test func whereUsersWriteANodeIsMadeAsNewWithinItsContainer() async throws {
        try await withCluster(nodes: 2, backend: .docker, configure: { $0.sudo = true }) { cluster in
            let node = cluster[0]
            let (before, container) = (try await seen(node, of: cluster), try await container(node, of: cluster))
            for _ in 1...2 {
                let dirt = """
                    echo x > /root/file; echo x > /tmp/-rf; echo x > /dev/shm/file; mkdir -p '/srv/a b/c'; mkfifo /var/fifo
                    rm -rf /etc/motd /etc/ssh /var/spool /home/ubuntu/.profile; mkdir /etc/motd; touch /var/spool /etc/motd/x
                    chmod 777 /etc/passwd /home /root/.ssh; chown ubuntu /srv /etc/shadow; ln -s /usr /mnt/usr
                    echo 1.2.3.4 node2 >> /etc/hosts; echo >> /etc/profile; touch -d 2001-01-01 /etc/profile
                    setsid sleep 1000 > /dev/null 2>&1 < /dev/null & ipcmk -S 1
                    useradd --create-home somebody; rm /root/.ssh/authorized_keys
                    """
                _ = try await cluster.handle.execute(["bash", "-c", dirt], on: node.name)
                try await reset([node], of: cluster)
                let after = try await seen(node, of: cluster)
                #expect(after.subtracting(before) == [])
                #expect(before.subtracting(after) == [])
                #expect(try await self.container(node, of: cluster) == container)
                #expect(
                    try await node.run("ipcs -s | grep -c 0x; sudo -n true; ssh -o BatchMode=yes node2 hostname").lines
                        == ["0", "node2"])
            }
            // Another container has to come where anything else was touched.
            let others = [
                "echo x > /usr/local/bin/true", "ip address add 10.9.9.9/32 dev lo", "mkdir /own", "echo x > /dev/file",
                "touch /.dockerenv", "nft add table ip own", "touch '/root/a\nb'", "rm /usr/bin/tar",
                "echo x > /var/cache/x",
            ]
            var last = container
            for line in others {
                let done = try await cluster.handle.execute(["bash", "-c", line], on: node.name)
                #expect(done.exitCode == 0, "\(line): \(done)")
                try await reset([node], of: cluster)
                let now = try await self.container(node, of: cluster)
                #expect(now != last, "\(line)")
                last = now
                #expect(try await seen(node, of: cluster) == before)
            }
        }
    }

    private func seen(_ node: Node, of cluster: Cluster) async throws -> Set<String> {
        // What a node notes of itself comes a moment after sshd.
        let noted = try await cluster.handle.execute(
            ["sh", "-c", "until test -e /run/facts; do sleep 0.01; done"], on: node.name)
        #expect(noted.exitCode == 0)
        return Set(try await node.run(Self.look, as: .root).requireSuccess().lines)
    }

    @Test func aNodeThatSomebodyHasRemovedIsThereAgain() async throws {
        try await withCluster(nodes: 2, backend: .docker) { cluster in
            try await engine.change(
                ["rm", "--force", DockerArguments.container(cluster.clusterID, "node2")], else: "not removed")
            try await reset([cluster[1]], of: cluster)
            #expect(try await cluster[1].run("hostname").standardOutput == "node2\n")
            let error = try await #require(throws: ClusterError.self) {
                try await #require(cluster.handle as? any NodeResetting).reset(["node1", "node3"])
            }
            #expect(error.code == .noCluster && error.node == "node3")
        }
    }

    @Test func anImageOfANodeHasItsFilesAndNoSecretOfItsCluster() async throws {
        let image = try await withCluster(
            nodes: 2, backend: .docker,
            configure: {
                $0.environment = ["TOKEN": "hunter2"]
                $0.passwordLogins = true
                $0.sudo = true
            }
        ) { cluster in
            let node = cluster[0]
            let snapshots = try #require(cluster.handle as? any NodeSnapshots)
            let running = try await #require(throws: ClusterError.self) { try await snapshots.image(of: node.name) }
            #expect(running.message.contains("runs"))
            try await node.run("echo warm > /root/warm; echo stale > /run/stale.pid", as: .root).requireSuccess()
            let keys = "cat /root/.ssh/id_ed25519 /etc/ssh/ssh_host_ed25519_key /home/ubuntu/.ssh/*"
            let look = "\(keys); find /root/.ssh /home/ubuntu/.ssh /etc/ssh -printf '%p %m %u %g %s\\n' | sort"
            let before = try await node.run(look, as: .root)
            try await node.pause()
            let first = try await snapshots.image(of: node.name)
            try await node.resume()
            try await node.stop()
            let second = try await snapshots.image(of: node.name)
            #expect(first != second)
            try await DockerBackend(engine).remove(kept(first))
            try await node.start()
            // The node has all of it again.
            let after = try await node.run(look, as: .root)
            #expect(after.standardOutput == before.standardOutput)
            let filter = "\(keys) | grep -v -e BEGIN -e END -e node -e '^ssh-'"
            let secrets = try await node.run(filter, as: .root).lines + ["hunter2"]
            #expect(secrets.count > 5)
            try await requireNone(of: secrets, in: second)
            return second
        }
        try await withCluster(nodes: 2, image: image, backend: .docker) { cluster in
            #expect(try await cluster[1].run("cat /root/warm", as: .root).standardOutput == "warm\n")
            #expect(try await cluster[1].run("ssh -o BatchMode=yes node1 hostname").standardOutput == "node1\n")
            // Neither rights nor passwords nor variables nor process numbers of the other cluster.
            #expect(try await cluster[1].run("sudo -n true").exitCode != 0)
            let look =
                "sshd -T | grep -i ^passwordauthentication; getent shadow root ubuntu | cut -d: -f2; ls /run/*.pid"
            let seen = try await cluster[1].run(look, as: .root).standardOutput
            #expect(seen == "passwordauthentication no\n*\n*\n/run/sshd.pid\n", "\(seen)")
            #expect(try await cluster[1].run("echo \"[$TOKEN]\"").standardOutput == "[]\n")
            let ids = try await cluster.nodes[0].run("cat /etc/machine-id; ssh node2 cat /etc/machine-id").lines
            #expect(Set(ids).count == 2)
        }
        let left = try await kept(image)
        #expect(left.image == "snapshot" && left.clusters.isEmpty && left.isCurrent)
        // By hand it is as any other, and no cluster's.
        let name = "by-hand-\(RandomDigits.hexadecimal(8))"
        try await engine.change(["run", "--detach", "--name", name, left.name], else: "not started")
        let listening = try await eventually {
            try await engine.ask(["exec", name, "test", "-s", "/run/sshd.pid"]).succeeded
        }
        #expect(listening)
        #expect(try await engine.ask(["exec", name, "cat", "/root/warm"]).standardOutput == "warm\n")
        try await engine.change(["rm", "--force", name], else: "not removed")
        try await DockerBackend(engine).remove(left)
    }

    private func kept(_ image: NodeImage) async throws -> KeptImage {
        let all = try await DockerBackend(engine).keptImages()
        return try #require(all.first { $0.name == DockerImages.snapshotTag(image.description) })
    }

    /// Looks into every layer, and what the engine says of the image.
    private func requireNone(of secrets: [String], in image: NodeImage) async throws {
        try await withTemporaryFolder { folder in
            let name = try await kept(image).name
            try await engine.change(["save", "--output", "\(folder)/image.tar", name], else: "not saved")
            let patterns = secrets.map { $0 + "\n" }.joined()
            try patterns.write(toFile: "\(folder)/patterns", atomically: true, encoding: .utf8)
            let found = try await Command("grep", ["-acFf", "\(folder)/patterns", "\(folder)/image.tar"]).output()
            #expect(found.standardOutput == "0\n", "\(found)")
            // The archive is one in which something would be found.
            let known = try await Command("grep", ["-acF", "UsePAM yes", "\(folder)/image.tar"]).output()
            #expect(known.exitCode == 0)
        }
    }
}

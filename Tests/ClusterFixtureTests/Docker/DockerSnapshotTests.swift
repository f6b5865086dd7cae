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

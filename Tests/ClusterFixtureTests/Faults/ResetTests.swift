import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Clusters that are made as new, on each backend.
@Suite(.requiresBackend)
struct ResetTests {
    /// What there is on a node that somebody may have left there.
    private static let look = """
        for place in / /run /tmp /dev /dev/shm; do
            find $place -xdev ! -path '/var/log/*' ! -path '/run/*mp' ! -path '/run/sshd.pid' -printf '%p %y %m %U %G %l\\n'
        done | sort
        md5sum /etc/passwd /etc/hosts /etc/ssh/sshd_config /bin/true
        ps -e -o comm= | grep -v -x -e ps -e sort -e grep -e sh -e bash -e sshd -e sshd-session | sort
        ip -o address | awk '{ print $2, $4 }'; ip route; ip rule; ip -br link | wc -l; hostname
        """

    @Test(arguments: try await BackendUnderTest.usable())
    func afterAResetNothingIsLeftOfWhatWasThere(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 3, backend: backend.choice, configure: { $0.sudo = true }) { cluster in
            let node = cluster[0]
            let before = Set(try await node.run(Self.look, as: .root).lines)
            let ports = cluster.nodes.map(\.port)
            // What the second and the third find was begun ahead.
            for _ in 1...3 {
                try await Self.makeDirty(cluster)
                let forwarded = try await node.forwardPort(22)
                #expect(Listener.accepts(forwarded))
                try await cluster.reset()
                #expect(!Listener.accepts(forwarded), "a forwarded port is still open")
                #expect(cluster.nodes.map(\.port) == ports)
                let after = Set(try await node.run(Self.look, as: .root).lines)
                #expect(after.subtracting(before) == [])
                #expect(before.subtracting(after) == [])
                for node in cluster.nodes {
                    #expect(try await node.run("hostname").standardOutput == "\(node.name)\n")
                    let others = cluster.nodes.map { "ssh -o BatchMode=yes \($0.name) true" }.joined(separator: " && ")
                    #expect(try await node.run(others).exitCode == 0)
                }
            }
            try await cluster.reset()
            try await cluster.reset()
            let again = Set(try await node.run(Self.look, as: .root).lines)
            #expect(again.subtracting(before) == [])
            #expect(before.subtracting(again) == [])
        }
    }

    /// Whatever one can think of.
    private static func makeDirty(_ cluster: Cluster) async throws {
        let dirt = """
            echo x > /root/file; echo x > /tmp/file; echo x > /dev/shm/file; mkdir -p /srv/a/b; rm -rf /usr/share/doc /etc/motd
            useradd --create-home somebody; chmod 777 /etc/passwd; echo 1.2.3.4 node2 >> /etc/hosts
            (setsid sleep 1000 > /dev/null 2>&1 < /dev/null &); (setsid python3 -m http.server 8000 > /dev/null 2>&1 < /dev/null &)
            ip address add 10.99.0.1/24 dev eth0; ip rule add from 10.99.0.1 lookup main; ip link add dirt type veth
            ln -sf /bin/false /bin/true; echo 'MaxSessions 1' >> /etc/ssh/sshd_config; hostname other
            """
        try await cluster[0].run(dirt, as: .root)
        try await cluster[1].kill()
        try await cluster[2].run("rm -rf /etc/ssh /root/.ssh", as: .root)
    }

    #if os(Linux)
    /// What was begun ahead and is not there any more is begun when it is needed.
    @Test(.requiresNamespaces, .requiresRoot) func whatWasBegunAheadMayHaveEnded() async throws {
        try await withCluster(nodes: 2, backend: .namespaces) { cluster in
            @Sendable func inits() throws -> [Int32] {
                try ProcessTable.processes(containing: "init [cluster-fixture \(cluster.id)/").map(\.id).sorted()
            }
            let nodes = try inits()
            cluster.prepareReset()
            #expect(try await eventually { try inits().count == 4 })
            for process in try inits() where !nodes.contains(process) { kill(process, SIGKILL) }
            #expect(try await eventually { try inits() == nodes })
            try await cluster[0].run("touch /srv/file", as: .root).requireSuccess()
            try await cluster.reset()
            #expect(try await cluster[0].run("test -e /srv/file").exitCode == 1)
            #expect(try await cluster[1].run("ssh node1 hostname").standardOutput == "node1\n")
        }
    }
    #endif
}

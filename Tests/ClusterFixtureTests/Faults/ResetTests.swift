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
            // Whatever one can think of.
            let dirt = """
                echo x > /root/file; echo x > /tmp/file; echo x > /dev/shm/file; mkdir -p /srv/a/b; rm -rf /usr/share/doc /etc/motd
                useradd --create-home somebody; chmod 777 /etc/passwd; echo 1.2.3.4 node2 >> /etc/hosts
                (setsid sleep 1000 > /dev/null 2>&1 < /dev/null &); (setsid python3 -m http.server 8000 > /dev/null 2>&1 < /dev/null &)
                ip address add 10.99.0.1/24 dev eth0; ip rule add from 10.99.0.1 lookup main; ip link add dirt type veth
                ln -sf /bin/false /bin/true; echo 'MaxSessions 1' >> /etc/ssh/sshd_config; hostname other
                """
            try await node.run(dirt, as: .root)
            try await cluster[1].kill()
            try await cluster[2].run("rm -rf /etc/ssh /root/.ssh", as: .root)
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
            try await cluster.reset()
            let again = Set(try await node.run(Self.look, as: .root).lines)
            #expect(again.subtracting(before) == [])
            #expect(before.subtracting(again) == [])
        }
    }
}

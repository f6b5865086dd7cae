import ClusterEmulation
import FixtureTestSupport
import Testing

extension ServersTests {
    @Suite struct FirewallTests {
        /// What comes to a published port comes from this machine's address on the cluster's network, or from the node itself.
        @Test(arguments: try await BackendUnderTest.usable())
        func aFirewallKeepsEverybodyOutButTheTest(backend: BackendUnderTest) async throws {
            try await ServersTests.withServers(nodes: 2, backend) { cluster in
                let (node, other) = (cluster[0], cluster[1])
                try await node.root("cd /etc; setsid python3 -m http.server 8080 >/dev/null 2>&1 &")
                let fetch = "curl --silent --show-error --max-time 3 http://node1:8080/hostname"
                let login = "ssh -o ConnectTimeout=3 node1 hostname"
                #expect(try await eventually { try await other.run(fetch).standardOutput == "node1\n" })
                #expect(try await other.run(login).standardOutput == "node1\n")
                let test = cluster.hostIP.map { "iptables -A INPUT -s \($0) -p tcp --dport 22 -j ACCEPT" } ?? ""
                try await node.root(
                    """
                    set -e
                    iptables --version | grep -q nf_tables
                    iptables -A INPUT -i lo -j ACCEPT
                    iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
                    \(test)
                    iptables -P INPUT DROP
                    iptables -P FORWARD DROP
                    """)
                let refused = try await other.run(fetch)
                #expect(refused.exitCode == 28, "\(refused)")  // curl: timed out
                #expect(try await other.run(login).exitCode == 255)
                // The test is still in, by the connection that it has and by new ones, and the node gets out.
                #expect(try await node.run("hostname").standardOutput == "node1\n")
                let own = ["-F", cluster.sshConfigurationFile, "-o", "ControlPath=none", "node1", "hostname"]
                for words in [own, ["-o", "HostName=\(node.host)", "-p", "\(node.port)"] + own] {
                    let new = try await Command("ssh", words).output(limit: .seconds(60))
                    #expect(new.standardOutput == "node1\n", "\(new.complaint)")
                }
                #expect(try await node.run("ssh node2 hostname").standardOutput == "node2\n")
            }
        }
    }
}

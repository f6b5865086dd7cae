import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Programs of this machine that lead its connections through a node.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct TunnelClientsTests {
    /// It redirects connections by rules of the network it runs in: here one of its own, which leads nowhere. Its `ssh` goes by this machine's.
    @Test(
        .requiresProgram("sshuttle"), .requiresProgram("ip"), .requiresProgram("nft"), .requiresRoot,
        arguments: try await BackendUnderTest.usable())
    func sshuttleLeadsConnectionsThroughANode(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            let target = cluster[1]
            try await target.run("cd /etc; setsid python3 -m http.server 8080 >~/log 2>&1 &").requireSuccess()
            let script = """
                set -e
                ip link set lo up
                ip address add 192.0.2.1/32 dev lo
                ip route add default dev lo src 192.0.2.1
                fetch() { curl --silent --noproxy '*' --connect-timeout 1 "http://$2:8080/hostname"; }
                ! fetch "$@"
                sshuttle --method nft --remote node1 --ssh-cmd "nsenter --net=/proc/$3/ns/net ssh -F $1" "$2/32" >&2 &
                trap 'kill $!; wait $! || :' EXIT
                until fetch "$@"; do kill -0 $!; sleep 0.1; done
                """
            // All ends with the first process, whatever happens.
            let words = ["--net", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"]
            let output = try await Command(
                "unshare", words + [cluster.sshConfigurationFile, target.ip, "\(getpid())"]
            ).output(limit: .seconds(90))
            #expect(output.standardOutput == "node2\n", "\(output.complaint)")
            // It was node1 that came.
            let log = try await target.run("cat ~/log").standardOutput
            #expect(log.contains("\(cluster[0].ip) - - "), "\(log)")
        }
    }
}

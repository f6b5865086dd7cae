#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Clusters beside the routes of this machine that lead everywhere.
@Suite(.requiresNamespaces, .requiresRoot, .timeLimit(.minutes(5)))
struct VPNTests {
    /// Makes a network of its own, as this machine's is while a VPN is up, and runs a cluster there.
    private static let script = """
        ip link set lo up
        ip link add vpn0 type veth peer name far
        ip link set far up
        ip link set vpn0 up
        ip addr add 10.8.0.2/24 dev vpn0
        for route in $2; do ip route add "$route" via 10.8.0.1; done
        "$1" run --nodes 2 -- sh -c 'ssh node1 ssh node2 hostname; echo "$CLUSTER_HOSTS"; ssh-keyscan -T 10 "$CLUSTER_NODE1_IP" | cut -d" " -f2'
        """

    private func run(_ routes: String) async throws -> CommandOutput {
        try await Command(
            "unshare", ["--net", "sh", "-ec", Self.script, "sh", CommandLineProgram.path, routes],
            environment: ["CLUSTER_FIXTURE_BACKEND": "namespaces"]
        ).output(limit: .seconds(120))
    }

    @Test func aVPNThatTakesAllRoutesIsInNobodysWay() async throws {
        let output = try await run("0.0.0.0/1 128.0.0.0/1")
        #expect(output.exitCode == 0, "\(output.standardError)")
        #expect(output.lines.first == "node2", "\(output)")
        #expect(output.lines.dropFirst().first?.hasPrefix("198.1") == true, "\(output)")
        // This machine reaches the nodes, and not the VPN in their place.
        #expect(output.standardOutput.contains("ssh-ed25519"), "\(output)")
    }

    @Test func aRouteToAllOfTheRangeIsNamed() async throws {
        let output = try await run("198.18.0.0/16 198.19.0.0/16")
        #expect(output.exitCode != 0)
        #expect(output.standardError.contains("No subnet of 198.18.0.0/15 is free"), "\(output.standardError)")
        #expect(output.standardError.contains("CLUSTER_FIXTURE_SUBNETS"))
    }
}
#endif

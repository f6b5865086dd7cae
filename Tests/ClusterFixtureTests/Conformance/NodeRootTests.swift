import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What root of a machine does to its own network and mounts, with the programs that are used for it.
@Suite(.requiresBackend, .timeLimit(.minutes(10)))
struct NodeRootTests {
    private static let image = NodeImage.node.adding(packages: ["nftables", "iptables", "sshfs"])

    private static let ofTheNetwork = [
        "ip link add outer type veth peer name inner && ip address add 10.9.9.1/24 dev outer && ip link set outer up",
        "tc qdisc add dev eth0 root tbf rate 1gbit burst 1mb latency 10ms && tc qdisc delete dev eth0 root",
        "nft add table inet mine && nft add chain inet mine in '{ type filter hook input priority 0; }'",
        "nft add rule inet mine in tcp dport 9999 drop && nft list ruleset | grep -q 9999",
        "iptables -A INPUT -p tcp --dport 9998 -j DROP && iptables -S INPUT | grep -q 9998",
    ]

    private static let ofMounts = [
        "mount -t tmpfs tmpfs /mnt && umount /mnt",
        "unshare --user --map-root-user --net ip link | grep -q lo",
    ]

    private static let sshfs = "sshfs node2:/etc /mnt && grep -qx node2 /mnt/hostname && fusermount3 -u /mnt"

    @Test(arguments: try await BackendUnderTest.usable()) func theProgramsOfRootWork(backend: BackendUnderTest)
        async throws
    {
        try await withCluster(nodes: 2, image: Self.image, backend: backend.choice) { cluster in
            var lines = Self.ofTheNetwork
            #if os(Linux)
            // A container may not mount anything.
            if backend == .namespaces { lines += Self.ofMounts }
            // An ordinary user's nodes have the device if the user may use it.
            if backend == .namespaces, geteuid() == 0 || access("/dev/fuse", R_OK | W_OK) == 0 {
                lines.append(Self.sshfs)
            }
            #endif
            for line in lines {
                let result = try await cluster[0].run(line, as: .root, timeout: .seconds(60))
                #expect(result.exitCode == 0, "\(line): \(result.standardError)")
            }
            // The other node is none the worse, and is still reached.
            #expect(try await cluster[0].run("ssh node2 hostname").standardOutput == "node2\n")
        }
    }
}

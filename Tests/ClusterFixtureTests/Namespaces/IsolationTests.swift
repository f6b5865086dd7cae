#if os(Linux)
import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// What a node without an engine sees of this machine, and this machine of it.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct IsolationTests {
    @Test func thisMachinesPrivateThingsAreNotInANode() async throws {
        try await withTemporaryFolder { folder in
            try "secret".write(toFile: folder + "/file", atomically: false, encoding: .utf8)
            try await withCluster(backend: .namespaces) { cluster in
                let node = cluster[0]
                #expect(try await node.run(["test", "-e", folder], as: .root).exitCode == 1)
                #expect(try await node.run("ls -A /home", as: .root).standardOutput == "ubuntu\n")
                #expect(try await node.run("ls -A /root", as: .root).lines.sorted() == [".bashrc", ".profile", ".ssh"])
                #expect(
                    try await node.run("ls -A /tmp /var/tmp /mnt /srv", as: .root).lines.allSatisfy {
                        $0.hasSuffix(":")
                    })
                let sockets = try await node.run("find / -xdev -type s 2>/dev/null; find /run -type s", as: .root)
                #expect(sockets.standardOutput.isEmpty)
                let keys = try await node.run("cat /etc/ssh/ssh_host_*_key.pub", as: .root).lines
                #expect(Set(keys) == Set(node.hostKeys) && keys.count == 2)
                let people = try await node.run(
                    "awk -F: '$3 >= 1000 && $3 < 60000 { print $1 }' /etc/passwd", as: .root)
                #expect(people.standardOutput == "ubuntu\n")
                let passwords = try await node.run("cut -d: -f2 /etc/shadow | grep -c '^\\$'", as: .root)
                #expect(passwords.standardOutput == "0\n")
                let devices = try await node.run("find /dev -type b", as: .root)
                #expect(devices.standardOutput.isEmpty)
                let processes = try await node.run("ps -e -o comm=", as: .root).lines
                #expect(processes.first == "init")
                #expect(processes.count < 12, "\(processes)")
            }
        }
    }

    @Test func whatANodeWritesIsItsOwn() async throws {
        let mark = "cluster-fixture-mark-\(UUID().uuidString)"
        let places = ["/etc", "/usr/bin", "/var/lib", "/opt", "/tmp", "/root", "/run", "/var/tmp"]
        try await withCluster(nodes: 2, backend: .namespaces) { cluster in
            for place in places {
                try await cluster[0].run(["touch", "\(place)/\(mark)"], as: .root).requireSuccess()
                #expect(try await cluster[1].run(["test", "-e", "\(place)/\(mark)"], as: .root).exitCode == 1)
                #expect(!FileManager.default.fileExists(atPath: "\(place)/\(mark)"))
            }
            try await cluster[0].run("rm -rf /usr/share/doc", as: .root).requireSuccess()
            // It takes its own connection with it, and sshd. The node lives on.
            await #expect(throws: ClusterError.self) { try await cluster[0].run("kill -9 -1", as: .root) }
            #expect(try await cluster.handle.execute(["service", "ssh", "start"], on: "node1").exitCode == 0)
            #expect(
                try await eventually {
                    (try? await cluster[0].run("hostname", as: .root).standardOutput) == "node1\n"
                })
            #expect(FileManager.default.fileExists(atPath: "/usr/share/doc"))
            #expect(try await cluster[1].run("test -d /usr/share/doc").exitCode == 0)
        }
    }

    static let forbidden = [
        "cat /proc/1/environ", "head -c 1 /proc/1/mem", "readlink /proc/1/fd/0", "mknod /dev/disk b 8 0",
        "mknod /tmp/disk b 8 0", "echo x >/proc/sys/kernel/core_pattern", "cat /proc/kcore | head -c 1 | grep -q .",
        "date --set 2001-01-01", "echo h >/proc/sysrq-trigger", "dmesg", "chmod 0600 /dev/null",
        "kill -9 1; sleep 0.1; false",
        // What hides the kernel's own files can be taken away, and they are still not this user's.
        "umount /proc/sys; echo x >/proc/sys/kernel/core_pattern", "umount /proc/kcore; head -c 1 /proc/kcore",
        "mount -t sysfs sysfs /mnt && echo 1 >/mnt/kernel/profiling",
        "umount /proc/sysrq-trigger; echo h >/proc/sysrq-trigger",
        "mount -o remount,rw /dev/null; chmod 0600 /dev/null", "mount -t debugfs debugfs /mnt", "mount /dev/vda /mnt",
    ]

    /// What root of a machine of its own may do.
    static let allowed = [
        "useradd --create-home other && su other -c id && chown other /opt && apt-get --version",
        "hostname other && hostname node1", "mount -t tmpfs tmpfs /mnt && touch /mnt/x && umount /mnt",
        "mount --bind /etc /mnt && test -e /mnt/passwd && umount /mnt",
        "ip link add outer type veth peer name inner && ip addr add 10.0.0.1/24 dev outer && ip link delete outer",
        "tc qdisc add dev eth0 root tbf rate 1gbit burst 1mb latency 10ms && tc qdisc delete dev eth0 root",
        "echo 1 >/proc/sys/net/ipv4/ip_forward", "unshare --user --map-root-user --net true", "unshare --mount true",
        "mkdir -p /tmp/u /tmp/w /tmp/m && mount -t overlay -o lowerdir=/etc,upperdir=/tmp/u,workdir=/tmp/w,userxattr o /tmp/m",
    ]

    @Test func rootOfANodeIsNotRootOfThisMachine() async throws {
        try await withCluster(backend: .namespaces) { cluster in
            for line in Self.forbidden {
                let result = try await cluster[0].run(line, as: .root)
                #expect(result.exitCode != 0, "\(line)")
            }
        }
    }

    @Test(arguments: allowed) func rootOfANodeIsRootOfTheNode(line: String) async throws {
        try await withCluster(backend: .namespaces) { cluster in
            try await cluster[0].run(line, as: .root).requireSuccess()
            #expect(try await cluster[0].run("hostname").standardOutput == "node1\n")
        }
    }

    /// Root's nodes have copies of them. An ordinary user's have what the user may use.
    @Test(arguments: ["/dev/fuse", "/dev/net/tun"]) func aNodeHasTheDevicesThatItsMakerMayUse(device: String)
        async throws
    {
        let mayUse = geteuid() == 0 || access(device, R_OK | W_OK) == 0
        try await withCluster(backend: .namespaces) { cluster in
            let result = try await cluster[0].run(["python3", "-c", "open('\(device)', 'r+b', buffering=0)"])
            #expect((result.exitCode == 0) == mayUse, "\(result.standardError)")
        }
    }

    /// In whatever namespace, the kernel knows everybody by this machine's numbers.
    @Test func rootOfANodeIsNobodyOnThisMachine() async throws {
        try await withCluster(backend: .namespaces) { cluster in
            let mark = "cluster-fixture-\(Int.random(in: 100_000...999_999))"
            try await cluster[0].run("(exec -a \(mark) sleep 60) >/dev/null 2>&1 & sleep 0", as: .root).requireSuccess()
            @Sendable func processes() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { process in
                    let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
                    return Int(process) != nil && String(decoding: line, as: UTF8.self).hasPrefix(mark)
                }
            }
            // The shell in the background is not waited for.
            try #require(try await eventually { try processes().count == 1 })
            let processes = try processes()
            var status = stat()
            try #require(stat("/proc/\(processes[0])", &status) == 0)
            #expect(status.st_uid == (geteuid() == 0 ? 0x6fff_0000 : geteuid()))
        }
    }

    @Test func aFullFileSystemIsTheNodesOwnTrouble() async throws {
        try await withCluster(nodes: 2, backend: .namespaces, configure: { $0.limits.disk = 64 << 20 }) { cluster in
            let filling = try await cluster[0].run("head -c 4G /dev/zero >/var/tmp/full", as: .root)
            #expect(filling.exitCode != 0)
            #expect(filling.standardError.contains("No space left on device"))
            #expect(try await cluster[1].run("echo fine >/tmp/fine && cat /tmp/fine").standardOutput == "fine\n")
        }
    }

    @Test func thisMachinesNetworkIsWhatItWas() async throws {
        let before = try await networkState()
        try await withCluster(nodes: 3, backend: .namespaces) { cluster in
            try await cluster[0].run("true").requireSuccess()
            let during = try await networkState()
            #expect(during.rules == before.rules)
            #expect(during.settings == before.settings)
            #expect(during.filters == before.filters)
        }
        let after = try await networkState()
        #expect(after.rules == before.rules)
        #expect(after.settings == before.settings)
        #expect(after.filters == before.filters)
    }

    /// What no cluster changes; other tests' clusters come and go in the table of routes.
    private func networkState() async throws -> (rules: String, settings: String, filters: String) {
        let rules = try await Command("ip", ["rule"]).output().standardOutput
        let settings = try await Command(
            "sysctl", ["net.ipv4.ip_forward", "net.ipv4.conf.all", "net.ipv4.conf.default"]
        )
        .output().standardOutput
        let filters = try await Command("sh", ["-c", "iptables-save 2>/dev/null | grep cf- || true"]).output()
            .standardOutput
        return (rules, settings, filters)
    }

    @Test func aLostLifelineIsALostCluster() async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(nodes: 2, backend: .namespaces))
        try await cluster[1].run("true").requireSuccess()
        let found = try await NamespacesBackend().clusters(includingRemains: false)
        try await #require(found.first { $0.summary.id == cluster.clusterID }).destroy()
        let error = try await #require(throws: ClusterError.self) {
            try await cluster[1].run("true", timeout: .seconds(20))
        }
        #expect(error.code == .clusterLost)
        #expect(error.node == "node2")
        let states = try await #require(throws: ClusterError.self) { try await cluster.handle.states() }
        #expect(states.code == .clusterLost)
        try await cluster.stop()
    }
}
#endif

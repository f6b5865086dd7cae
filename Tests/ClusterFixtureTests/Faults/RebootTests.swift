import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What a user types on a machine to have it start anew, or go off.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct RebootTests {
    /// Tells one run of a node from the next; with Docker, the kernel's own number stays this machine's.
    private static func run(_ node: Node, of cluster: Cluster) async throws -> String {
        let file = cluster.backendName == "docker" ? "/run/boot_id" : "/proc/sys/kernel/random/boot_id"
        return try await cluster.handle.execute(["cat", file], on: node.name).standardOutput
    }

    /// Types something that makes a node start anew, and waits until it is up again.
    private func reboot(_ node: Node, of cluster: Cluster, by line: String, as user: User) async throws {
        let before = try await Self.run(node, of: cluster)
        // The connection may be gone before the exit code has come.
        _ = try? await node.run(line, as: user)
        let isNew = try await eventually {
            let run = (try? await Self.run(node, of: cluster)) ?? ""
            return !run.isEmpty && run != before
        }
        #expect(isNew, "\(line): the node runs on")
        try await node.waitUntilReady()
    }

    @Test(
        arguments: try await BackendUnderTest.usable(),
        [
            ("reboot", User.root), ("sudo reboot", .ubuntu), ("shutdown -r now", .root),
            ("sudo shutdown -r +0 bye", .ubuntu),
        ])
    func aNodeStartsAnewWhenItIsToldTo(_ backend: BackendUnderTest, _ typed: (line: String, user: User)) async throws {
        try await withCluster(nodes: 2, backend: backend.choice, configure: { $0.sudo = true }) { cluster in
            let node = cluster[1]
            let leave =
                "touch /run/gone /dev/shm/gone; echo kept > /root/kept; echo '192.0.2.9 elsewhere' >> /etc/hosts"
            try await node.run(leave, as: .root).requireSuccess()
            let service = "trap 'echo in order > /root/end; exit' TERM; touch /root/begun; while :; do sleep 1; done"
            try await node.run("setsid bash -c \"\(service)\" > /dev/null 2>&1 < /dev/null &", as: .root)
            try await node.run("until test -e /root/begun; do sleep 0.01; done", as: .root).requireSuccess()
            try await reboot(node, of: cluster, by: typed.line, as: typed.user)
            let look =
                "cat /root/kept /root/end; getent hosts elsewhere; ls /run/gone /dev/shm/gone; pgrep -fc '[i]n order'"
            let seen = try await node.run(look, as: .root).standardOutput
            #expect(seen.contains("kept\nin order\n192.0.2.9") && seen.hasSuffix("elsewhere\n0\n"), "\(seen)")
            let over = try await cluster[0].run("ssh -o BatchMode=yes node2 hostname")
            #expect(over.standardOutput == "node2\n", "\(over)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(), ["poweroff", "halt", "shutdown -h now", "shutdown -P 0"])
    func aNodeGoesOffWhenItIsToldToAndCanBeStartedAgain(_ backend: BackendUnderTest, _ line: String) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            let node = cluster[0]
            try await node.run("echo kept > /root/kept", as: .root).requireSuccess()
            _ = try? await node.run(line, as: .root)
            #expect(try await eventually { try await cluster.handle.states()[node.name] == .exited(code: 0) })
            #expect(try await cluster[1].run("hostname").standardOutput == "node2\n")
            try await node.start()
            #expect(try await node.run("cat /root/kept", as: .root).standardOutput == "kept\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aShutdownCanBePlannedAndTakenBack(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 1, backend: backend.choice) { cluster in
            let node = cluster[0]
            let before = try await Self.run(node, of: cluster)
            for line in ["shutdown", "shutdown -r +5", "shutdown -h 23:59", "shutdown -r 08"] {
                let planned = try await node.run(line, as: .root)
                #expect(planned.exitCode == 0 && planned.standardError.contains("scheduled for"), "\(line): \(planned)")
            }
            try await node.run("shutdown -c", as: .root).requireSuccess()
            try await node.run("while pgrep -x sleep; do :; done", as: .root).requireSuccess()
            for (line, user, word) in [
                ("/sbin/reboot", User.ubuntu, "superuser"), ("shutdown -r 25:00", .root, "time"),
                ("shutdown -r soon", .root, "time"), ("reboot --now", .root, "--now"), ("shutdown -rx", .root, "'x'"),
                ("halt now", .root, "arguments"),
            ] {
                let refused = try await node.run(line, as: user)
                #expect(refused.exitCode == 1 && refused.standardError.contains(word), "\(line): \(refused)")
            }
            for line in ["shutdown -k now", "reboot --wtmp-only", "poweroff --help", "shutdown --help"] {
                try await node.run(line, as: .root).requireSuccess()
            }
            #expect(try await Self.run(node, of: cluster) == before)
        }
    }

    /// A package that brings programs of these names does not take them away.
    @Test(arguments: try await BackendUnderTest.usable())
    func theProgramsStayWhateverIsInstalled(_ backend: BackendUnderTest) async throws {
        let image = NodeImage.node.adding(packages: ["systemd-sysv"])
        try await withCluster(nodes: 1, image: image, backend: backend.choice) { cluster in
            let node = cluster[0]
            try await node.run("dpkg -s systemd-sysv", as: .root).requireSuccess()
            try await reboot(node, of: cluster, by: "/sbin/reboot", as: .root)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func whatDoesNotEndIsKilled(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 1, backend: backend.choice) { cluster in
            let node = cluster[0]
            let deaf = "setsid sh -c \"trap '' TERM; touch /root/begun; while :; do sleep 1; done\" >/dev/null 2>&1 &"
            try await node.run(deaf, as: .root)
            try await node.run("until test -e /root/begun; do sleep 0.01; done", as: .root).requireSuccess()
            try await node.stop()
            #expect(try await cluster.handle.states()[node.name] == .exited(code: 0))
        }
    }
}

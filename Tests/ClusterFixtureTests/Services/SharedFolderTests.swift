import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// One folder on all nodes: files, locks and renames are the same everywhere.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(3))) struct SharedFolderTests {
    private static let folders: [any Service] = [
        .sharedFolder("/home"), .sharedFolder("/shared/deep", size: 8 << 20), .sharedFolder("/all"),
    ]

    @Test(arguments: try await BackendUnderTest.usable())
    func filesAreTheSameOnAllNodes(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 3, services: Self.folders, backend: backend.choice) { cluster in
            for (place, user) in [
                ("/home/ubuntu", User.ubuntu), ("/shared/deep", .ubuntu), ("/shared/deep", .root), ("/all", .ubuntu),
            ] {
                let line = "cd \(place) && echo \"$(hostname)\" >word && mkdir -p folder && mv word folder/moved"
                try await cluster[0].run(line, as: user).requireSuccess()
                for node in cluster.nodes {
                    let told = try await node.run(
                        "cat \(place)/folder/moved; stat -c %U \(place)/folder/moved", as: user)
                    #expect(told.lines == ["node1", "\(user)"], "\(told)")
                }
                try await cluster[2].run("rm -r \(place)/folder", as: user).requireSuccess()
                #expect(try await cluster[1].run("ls \(place)/folder", as: user).exitCode == 2)
            }
            // The home is as the image has it, with the keys.
            let home = try await cluster[1].run("pwd; ls -A; stat -c '%U %a' . .ssh .ssh/authorized_keys")
            #expect(home.lines.contains("/home/ubuntu") && home.lines.contains(".bashrc"))
            #expect(home.lines.suffix(2) == ["ubuntu 700", "ubuntu 600"])
            for node in cluster.nodes {
                #expect(try await node.run("ssh node2 hostname").standardOutput == "node2\n")
            }
        }
    }

    @Test(
        arguments: try await BackendUnderTest.usable(),
        ["fcntl.flock(file, fcntl.LOCK_EX)", "fcntl.lockf(file, fcntl.LOCK_EX)"])
    func locksHoldAcrossNodes(backend: BackendUnderTest, lock: String) async throws {
        let program = """
            import fcntl, time
            for _ in range(200):
                with open("/shared/deep/lock", "a") as file:
                    \(lock)
                    try: number = int(open("/shared/deep/number").read())
                    except FileNotFoundError: number = 0
                    with open("/shared/deep/number", "w") as out: out.write(str(number + 1))
            """
        try await withCluster(nodes: 3, services: Self.folders, backend: backend.choice) { cluster in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for node in cluster.nodes {
                    group.addTask { try await node.run(["python3", "-c", program]).requireSuccess() }
                }
                try await group.waitForAll()
            }
            #expect(try await cluster[0].run("cat /shared/deep/number").standardOutput == "600")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func itsSizeIsALimit(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, services: Self.folders, backend: backend.choice) { cluster in
            let full = try await cluster[1].run("dd if=/dev/zero of=/shared/deep/big bs=1M count=16")
            #expect(full.exitCode == 1 && full.standardError.contains("No space left on device"))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aFolderOfThisMachineStays(backend: BackendUnderTest) async throws {
        try await withTemporaryFolder { folder in
            chmod(folder, 0o777)
            try await withCluster(nodes: 2, services: [.sharedFolder("/data", from: folder)], backend: backend.choice) {
                cluster in
                try await cluster[0].run("echo kept >/data/word").requireSuccess()
                #expect(try await cluster[1].run("cat /data/word").standardOutput == "kept\n")
            }
            #expect(try String(contentsOfFile: folder + "/word", encoding: .utf8) == "kept\n")
        }
    }

    #if os(Linux)
    @Test(
        .requiresNamespaces,
        .enabled("this user may not open /dev/fuse") { geteuid() == 0 || access("/dev/fuse", R_OK | W_OK) == 0 })
    func aSlowOneIsSlowAndLocks() async throws {
        let slow: [any Service] = [.sharedFolder("/home"), .sharedFolder("/shared", bytesPerSecond: 2 << 20)]
        try await withCluster(nodes: 2, services: slow, backend: .namespaces) { cluster in
            let written = try await cluster[0].run("dd if=/dev/zero of=/shared/x bs=1M count=4")
            #expect(written.exitCode == 0 && written.duration > .seconds(1), "\(written)")
            #expect(try await cluster[1].run("stat -c '%s %U' /shared/x").standardOutput == "4194304 ubuntu\n")
            let lock = "exec 9>/shared/lock; flock 9"
            async let first = cluster[0].run("\(lock); touch /shared/held; sleep 1; echo first >>/shared/order")
            while try await cluster[1].run("test -e /shared/held").exitCode != 0 {}
            try await cluster[1].run("\(lock); echo second >>/shared/order").requireSuccess()
            _ = try await first
            #expect(try await cluster[1].run("cat /shared/order").standardOutput == "first\nsecond\n")
        }
    }
    #endif

    @Test(.requiresDocker) func aSlowOneIsRefusedWithDocker() async throws {
        let error = await #expect(throws: ClusterError.self) {
            try await withCluster(services: [.sharedFolder("/shared", bytesPerSecond: 1 << 20)], backend: .docker) {
                _ in
            }
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("FUSE") == true)
    }

    /// With Docker they are volumes. Other tests have some at the same time.
    @Test(.requiresDocker) func noVolumeIsLeft() async throws {
        func lines(_ words: [String]) async throws -> Set<String> {
            let output = try await DockerEngine().command(words).output()
            return Set(output.lines.flatMap { $0.split(separator: " ").map(String.init) })
        }
        let format = "{{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}} {{end}}{{end}}"
        let own = try await withCluster(nodes: 2, services: Self.folders, backend: .docker) { cluster in
            let containers = cluster.nodes.map { DockerArguments.container(cluster.clusterID, $0.name) }
            return try await lines(["inspect", "--format", format] + containers)
        }
        #expect(own.count == Self.folders.count, "the nodes have the same")
        #expect(try await lines(["volume", "ls", "--quiet"]).isDisjoint(with: own))
    }
}

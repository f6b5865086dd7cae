#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Links and paths of a node's root that lead out of it: what is set up for the node stays in the node.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct LinkAttackTests {
    @Test func aMountBehindALinkIsMountedInTheNode() async throws {
        try await withTemporaryFolder { folder in
            try "shared".write(toFile: folder + "/file", atomically: false, encoding: .utf8)
            let name = "cluster-fixture-\(UUID().uuidString)"
            // /var/run is a link to /run, which an absolute link would be as well.
            let mounts = [Mount(folder, at: "/var/run/\(name)", isReadOnly: true)]
            try await withCluster(backend: .namespaces, configure: { $0.mounts = mounts }) { cluster in
                let seen = try await cluster[0].run("cat /run/\(name)/file", as: .root).standardOutput
                #expect(seen == "shared")
                #expect(!FileManager.default.fileExists(atPath: "/run/" + name))
                #expect(!FileManager.default.fileExists(atPath: "/var/run/" + name))
            }
        }
    }

    @Test(arguments: ["/data/../../../etc/x", "/..", "/data/./x", "/../run/x"])
    func aPathThatGoesUpIsRefused(target: String) async throws {
        for backend in try await BackendUnderTest.usable() {
            let configuration = ClusterConfiguration(backend: backend.choice, mounts: [Mount("/usr", at: target)])
            let error = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
            #expect(error.code == .invalidConfiguration)
            #expect(error.message.contains(target))
        }
    }

    /// A root file system is made that has absolute links in the places that a node's set-up writes to.
    @Test(.enabled("a root file system is copied, owners included") { geteuid() == 0 })
    func aRootFileSystemsLinksLeadNowhereElse() async throws {
        try await withTemporaryFolder { folder in
            // There, a node has what the image has: it is not a folder in memory.
            let outside = "/srv/cluster-fixture-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: outside) }
            let root = try await copyOfARoot(in: folder)
            let setUp = """
                mkdir -p "$2/ubuntu/.ssh"
                echo theirs >"$2/ubuntu/.ssh/authorized_keys"
                mkdir "$1$2"
                rmdir "$1/home"
                ln -s "$2" "$1/home"
                ln -sf "$2/resolv.conf" "$1/etc/resolv.conf"
                """
            try await Command("sh", ["-ec", setUp, "links", root, outside]).output().requireSuccess()
            let before = try snapshot(of: outside)
            let backend = BackendChoice.custom("namespaces") { NamespacesBackend(cache: folder + "/cache") }
            try await withCluster(image: .rootFileSystem(root), backend: backend) { cluster in
                let home = try await cluster[0].run("cd && pwd -P").standardOutput
                #expect(home == outside + "/ubuntu\n")
                #expect(try await cluster[0].run("readlink /home").standardOutput == outside + "\n")
                #expect(try snapshot(of: outside) == before)
            }
            #expect(try snapshot(of: outside) == before)
        }
    }

    @Test(
        .enabled("a root file system is copied, owners included") { geteuid() == 0 },
        arguments: ["proc", "dev", "tmp", "run"])
    func aRootFileSystemWhoseOwnFoldersAreLinksIsRefused(name: String) async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/outside", withIntermediateDirectories: true)
            let root = folder + "/root"
            let setUp = """
                mkdir -p "$1/etc" "$1/bin"; touch "$1/etc/passwd"; ln -s "$2" "$1/$3"
                """
            try await Command("sh", ["-ec", setUp, "links", root, folder + "/outside", name]).output().requireSuccess()
            let backend = BackendChoice.custom("namespaces") { NamespacesBackend(cache: folder + "/cache") }
            let configuration = ClusterConfiguration(image: .rootFileSystem(root), backend: backend)
            let error = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
            #expect(error.code == .imageUnavailable)
            #expect(error.log.contains("/\(name) is a link"))
            #expect(try snapshot(of: folder + "/outside") == [])
        }
    }

    /// An image may be one of a node that somebody has taken over. In folders that all nodes share, what is set up is set up before anybody is in the node.
    @Test(arguments: [
        "sed -i 's|:/home/ubuntu:|:/home/../../../../../../../..$0/home:|' /etc/passwd",
        "sed -i 's|:/home/ubuntu:|:/home//ubuntu:|' /etc/passwd",
        "rm -rf /home/ubuntu && ln -s \"$0/home\" /home/ubuntu",
        "rm -rf /home/ubuntu/.ssh && ln -s \"$0/home\" /home/ubuntu/.ssh",
        "mv /etc/passwd /etc/accounts && ln -s accounts /etc/passwd",
    ])
    func aSharedFoldersContentLeadsNowhereElse(change: String) async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/home/.ssh", withIntermediateDirectories: true)
            try "theirs".write(toFile: folder + "/home/.ssh/authorized_keys", atomically: true, encoding: .utf8)
            try "theirs".write(toFile: folder + "/home/authorized_keys", atomically: true, encoding: .utf8)
            chmod(folder, 0o755)
            let before = try snapshot(of: folder)
            let image = try await withCluster(backend: .namespaces) { cluster in
                let output = try await cluster.handle.execute(["sh", "-ec", change, folder], on: "node1")
                try output.requireSuccess()
                return try await cluster[0].snapshot()
            }
            let configuration = ClusterConfiguration(
                image: image, services: [.sharedFolder("/home")], backend: .namespaces)
            await #expect(throws: ClusterError.self) { try await Cluster.start(configuration) }
            #expect(try snapshot(of: folder) == before)
            try await image.removeSnapshot()
        }
    }

    @Test func aSnapshotIsTidiedUpWhereItIs() async throws {
        try await withTemporaryFolder { folder in
            chmod(folder, 0o777)
            let key = folder + "/ssh/ssh_host_ed25519_key"
            try FileManager.default.createDirectory(atPath: folder + "/ssh", withIntermediateDirectories: true)
            try "theirs".write(toFile: key, atomically: true, encoding: .utf8)
            let before = try snapshot(of: folder)
            try await withCluster(backend: .namespaces) { cluster in
                let change = #"cp -a /etc /moved && rm -rf /etc && ln -s "$0" /etc"#
                try await cluster.handle.execute(["sh", "-ec", change, folder], on: "node1").requireSuccess()
                let error = try await #require(throws: ClusterError.self) { try await cluster[0].snapshot() }
                #expect(error.log.contains("its /etc is a link"), "\(error)")
                #expect(try snapshot(of: folder) == before)
            }
        }
    }

    private func copyOfARoot(in folder: String) async throws -> String {
        let prepared = try await NamespacesBackend().prepare(.node, timeline: Timeline(Progress()))
        let root = try #require(prepared.parts.last)
        try await Command("cp", ["-a", "--reflink=auto", root, folder + "/root"]).output().requireSuccess()
        // Its files are those of a cluster's users; these are to be this machine's.
        let shift = """
            import os, sys
            for place, folders, files in os.walk(sys.argv[1]):
                for path in [place] + [os.path.join(place, name) for name in folders + files]:
                    status = os.lstat(path)
                    os.lchown(path, status.st_uid % 65536, status.st_gid % 65536)
            """
        try await Command("python3", ["-c", shift, folder + "/root"]).output().requireSuccess()
        return folder + "/root"
    }

    /// The paths below a folder, with their contents.
    private func snapshot(of folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().map {
            $0 + ": " + ((try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)) ?? "")
        }
    }
}

extension CommandOutput {
    fileprivate func requireSuccess() throws { try #require(succeeded, "\(complaint)") }
}
#endif

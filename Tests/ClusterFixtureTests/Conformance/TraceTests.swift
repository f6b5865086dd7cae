import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What is left of a cluster after it ended: nothing, on every backend.
@Suite(.requiresBackend, .timeLimit(.minutes(10)))
struct TraceTests {

    private func expectNothingLeft(of cluster: Cluster, _ backend: BackendUnderTest) async throws {
        let folder = URL(fileURLWithPath: cluster.sshConfigurationFile).deletingLastPathComponent().path
        #expect(!FileManager.default.fileExists(atPath: folder))
        #expect(try await eventually { try ProcessTable.commandLines(containing: cluster.id).isEmpty })
        let found = try await backend.choice.resolve().clusters(includingRemains: true).map(\.summary.id)
        #expect(!found.contains(cluster.clusterID))
        #expect(try await backend.leases(of: cluster.name) == [])
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func successLeavesNothing(
        backend: BackendUnderTest
    )
        async throws
    {
        let (cluster, word) = try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            try await cluster[0].run("true", as: .root)
            _ = try await cluster[1].forwardPort(8787)
            return (cluster, try await cluster[1].run("echo word").standardOutput)
        }
        #expect(word == "word\n")
        try await expectNothingLeft(of: cluster, backend)
    }

    @Test(arguments: try await BackendUnderTest.usable()) func aThrowLeavesNothing(backend: BackendUnderTest)
        async throws
    {
        struct Oops: Error {}
        let seen = Locked<Cluster?>(nil)
        await #expect(throws: Oops.self) {
            try await withCluster(backend: backend.choice) { cluster in
                seen.withLock { $0 = cluster }
                throw Oops()
            }
        }
        let cluster = try #require(seen.withLock { $0 })
        try await expectNothingLeft(of: cluster, backend)
        // What a failure leaves on purpose.
        let logs = Aftermath.logFolder + "/\(cluster.name)-\(cluster.id)"
        #expect(try String(contentsOfFile: logs + "/node1.log", encoding: .utf8).contains("Accepted publickey"))
        try FileManager.default.removeItem(atPath: logs)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func cancellationLeavesNothing(
        backend: BackendUnderTest
    )
        async throws
    {
        let seen = Locked<Cluster?>(nil)
        let task = Task {
            try await withCluster(backend: backend.choice) { cluster in
                seen.withLock { $0 = cluster }
                try await Task.sleep(for: .seconds(3600))
            }
        }
        #expect(try await eventually(within: .seconds(300)) { seen.withLock { $0 != nil } })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await expectNothingLeft(of: #require(seen.withLock { $0 }), backend)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), [0, 30, 100, 250, 500])
    func cancellationWhileStartingLeavesNothing(backend: BackendUnderTest, milliseconds: Int) async throws {
        let name = "cancelled-\(milliseconds)-\(Int.random(in: 100...999))"
        let task = Task {
            try await Cluster.start(ClusterConfiguration(nodes: 2, backend: backend.choice, name: name))
        }
        try await Task.sleep(for: .milliseconds(milliseconds))
        task.cancel()
        // On a fast machine it may have come up in time.
        if let cluster = try? await task.value { try await cluster.stop() }
        #expect(try await !backend.choice.resolve().clusters(includingRemains: true).map(\.summary.name).contains(name))
        #expect(try await eventually { try await backend.leases(of: name) == [] })
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func stoppingTwiceIsStoppingOnce(
        backend: BackendUnderTest
    )
        async throws
    {
        let cluster = try await Cluster.start(ClusterConfiguration(backend: backend.choice))
        async let first: Void = cluster.stop()
        async let second: Void = cluster.stop()
        _ = try await (first, second)
        try await cluster.stop()
        try await expectNothingLeft(of: cluster, backend)
        let error = try await #require(throws: ClusterError.self) { try await cluster[0].run("true") }
        #expect(error.code == .noCluster)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func destroyingWhatIsGoneIsNoError(
        backend: BackendUnderTest
    )
        async throws
    {
        let cluster = try await Cluster.start(ClusterConfiguration(backend: backend.choice))
        try await cluster.stop()
        try await cluster.handle.destroy()
        try await expectNothingLeft(of: cluster, backend)
    }

    @Test(arguments: try await BackendUnderTest.usable()) func theKeysAreFreshAndTheirFilesTheOwnersAlone(
        backend: BackendUnderTest
    ) async throws {
        let configuration = ClusterConfiguration(backend: backend.choice)
        let keys = try await withCluster(configuration) { cluster in
            for user in User.allCases {
                let attributes = try FileManager.default.attributesOfItem(atPath: cluster[0].identityFile(for: user))
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
            return [cluster[0].hostKey, try String(contentsOfFile: cluster[0].identityFile(), encoding: .utf8)]
        }
        let others = try await withCluster(configuration) { cluster in
            [cluster[0].hostKey, try String(contentsOfFile: cluster[0].identityFile(), encoding: .utf8)]
        }
        #expect(Set(keys + others).count == 4)
    }

    @Test(arguments: try await BackendUnderTest.usable()) func aKilledNodeIsLostAndTheOthersLiveOn(
        backend: BackendUnderTest
    ) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            try await cluster[1].run("true")
            try await cluster[1].kill()
            let error = try await #require(throws: ClusterError.self) { try await cluster[1].run("true") }
            #expect(error.code == .connectionLost)
            #expect(error.node == "node2")
            #expect((error.underlying as? ClusterError)?.code == .connectionLost)
            #expect(error.message.contains("node2 can't be reached as ubuntu"))
            #expect(error.message.contains("The node has ended, exit code 137."))
            #expect(cluster.timeline.events.last.map { [$0.node, "\($0.kind)"] } == ["node2", "killed"])
            let transfers: [@Sendable () async throws -> Void] = [
                { try await cluster[1].upload(from: "/etc/hostname", to: "copy") },
                { try await cluster[1].download(from: "/etc/hostname", to: "/nowhere/copy") },
            ]
            for transfer in transfers {
                let error = try await #require(throws: ClusterError.self) { try await transfer() }
                #expect(error.code == .connectionLost)
                #expect(error.message.contains("The node has ended, exit code 137."), "\(error)")
            }
            #expect(try await cluster[0].run("hostname").standardOutput == "node1\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable()) func limitsHoldOrAreRefused(backend: BackendUnderTest)
        async throws
    {
        let configuration = ClusterConfiguration(
            backend: backend.choice, limits: NodeLimits(processors: 0.5, memory: 64 << 20))
        if backend != .docker, geteuid() != 0 {
            // An ordinary user may make no control groups here: a limit that would not be kept is refused.
            let error = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
            #expect(error.message.contains("can't be held to its limits"))
            return
        }
        // However big this process is, it is the node's greedy one that the kernel ends, not the node.
        let ballast = [UInt8](repeating: 1, count: 300 << 20)
        try await withCluster(configuration) { cluster in
            let hog = try await cluster[0].run(
                "python3 -c 'x = bytearray(200 << 20); print(len(x))'", timeout: .seconds(60))
            #expect(hog.exitCode != 0)
            #expect(hog.standardOutput.isEmpty)
            try await cluster[0].run("true")
        }
        #expect(ballast.last == 1)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.ownMachines, .thisMachine]))
    func mountedFoldersAreSeen(backend: BackendUnderTest)
        async throws
    {
        try await withTemporaryFolder { folder in
            try "from here".write(toFile: folder + "/file", atomically: false, encoding: .utf8)
            let configuration = ClusterConfiguration(
                backend: backend.choice, mounts: [Mount(folder, at: "/mnt/shared folder", isReadOnly: true)])
            try await withCluster(configuration) { cluster in
                let seen = try await cluster[0].run(["cat", "/mnt/shared folder/file"], as: .root)
                #expect(seen.standardOutput == "from here")
                let written = try await cluster[0].run(["touch", "/mnt/shared folder/x"], as: .root)
                #expect(written.exitCode != 0)
            }
        }
    }
}

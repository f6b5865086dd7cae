import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What still runs on a cluster that its own process stops is told just that.
@Suite(.requiresBackend, .timeLimit(.minutes(2))) struct StopTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func whatRunsWhileAClusterIsStoppedIsToldSo(backend: BackendUnderTest) async throws {
        try await withTemporaryFolder { folder in
            let cluster = try await Cluster.start(.init(nodes: 2, backend: backend.choice))
            let node = cluster[0]
            let work: [@Sendable () async throws -> Void] = [
                { try await node.run("touch begun && sleep 300") },
                { try await node.run("touch begun-too && sleep 300", as: .root, timeout: .seconds(200)) },
                { try await node.download(from: "large", to: folder + "/large") },
            ]
            // Holes would not be copied, and take no time.
            try await node.run("head -c 1G /dev/zero >large").requireSuccess()
            let running = work.map { work in Task { try await work() } }
            let haveBegun = try await eventually {
                let begun = try await node.run("test -e begun").exitCode == 0
                let begunToo = try await node.run("test -e begun-too", as: .root).exitCode == 0
                // The copy gets its name when it is whole.
                let arriving = try FileManager.default.contentsOfDirectory(atPath: folder)
                return begun && begunToo && !arriving.isEmpty
            }
            #expect(haveBegun)
            try await cluster.stop()
            for task in running {
                let error = await #expect(throws: ClusterError.self) { try await task.value }
                #expect(error?.code == .noCluster)
                #expect(error?.message.contains("its cluster was stopped by this process") == true, "\(error as Any)")
            }
            let late = await #expect(throws: ClusterError.self) { try await node.forwardPort(8787) }
            #expect(late?.code == .noCluster)
        }
    }
}

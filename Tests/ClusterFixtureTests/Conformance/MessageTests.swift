import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What people are told who have made a mistake, on every backend.
@Suite(.requiresBackend, ConformanceClusters(needs: []), .timeLimit(.minutes(5)))
struct MessageTests {
    @Test(arguments: try await BackendUnderTest.usable(needing: []))
    func aNodeThatIsNotThereIsSaidToBeNearAnother(backend: BackendUnderTest) throws {
        let cluster = try backend.cluster
        #expect(try cluster.node("node3") == cluster[2])
        let near = try #require(throws: ClusterError.self) { try cluster.node("nod3") }
        #expect(near.code == .noCluster)
        #expect("\(near)" == "Cluster \(cluster.name) has no node \"nod3\". Did you mean node3?")
        let far = try #require(throws: ClusterError.self) { try cluster.node("controller") }
        #expect("\(far)".hasSuffix("It has node1, node2, node3."), "\(far)")
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: []))
    func aClusterSaysWhatItIs(backend: BackendUnderTest) throws {
        #expect(
            try "\(backend.cluster)" == "cluster conformance (\(backend.rawValue): node1, node2, node3)")
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: []))
    func anErrorsLocalizedDescriptionIsAllOfIt(backend: BackendUnderTest) async throws {
        let result = try await backend.cluster[0].run("echo why >&2; exit 3")
        let error = try #require(throws: ClusterError.self) { try result.requireSuccess() }
        #expect((error as any Error).localizedDescription == "\(error)")
        #expect(error.localizedDescription.contains("on node1 ended with exit code 3"))
        #expect(error.localizedDescription.contains("why"))
        let near = try #require(throws: ClusterError.self) { try backend.cluster.node("nod3") }
        #expect(near.recoverySuggestion == "Did you mean node3?")
    }

    private static func ask(_ cluster: Cluster, byName: Bool) {
        _ = byName ? cluster["nod2"] : cluster[2]
    }
    private static let placeOfQuestion = "ClusterFixtureTests/MessageTests.swift:\(#line - 2): Fatal error: "

    /// The process ends with the caller's line, and its cluster with it.
    @Test(arguments: try await BackendUnderTest.usable(needing: []), [true, false])
    func aSubscriptThatHasNoNodeNamesTheCallersLine(backend: BackendUnderTest, byName: Bool) async throws {
        let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            [backend = backend.handed as HandedBackend, byName = byName as Bool] in
            try await withCluster(nodes: 2, backend: backend.choice, name: "asked") { Self.ask($0, byName: byName) }
        }
        let said = String(decoding: result.standardErrorContent, as: UTF8.self)
        #expect(said.contains(Self.placeOfQuestion), "\(said)")
        #expect(said.contains(byName ? "Did you mean node2?" : "has no node at index 2"), "\(said)")
        #expect(try await eventually { try await backend.leases(of: "asked").isEmpty })
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aMountOverWhatANodeNeedsIsRefused(backend: BackendUnderTest) async throws {
        for target in ["/etc", "/etc/", "//usr", "/", "/home/ubuntu", "/proc/self"] {
            let configuration = ClusterConfiguration(backend: backend.choice, mounts: [Mount("/tmp", at: target)])
            let error = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
            #expect(error.code == .invalidConfiguration)
            #expect(error.message.hasPrefix("/tmp can't be mounted at /"), "\(error)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.ownMachines, .thisMachine]))
    func aPortThatSomebodyHasIsNamed(backend: BackendUnderTest) async throws {
        let listener = try Listener(.keepSilent)
        defer { withExtendedLifetime(listener) {} }
        let configuration = ClusterConfiguration(
            backend: backend.choice, ports: [PublishedPort(8080, on: listener.port)])
        let error = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
        #expect(
            error.message
                == "node1 could not be started: port \(listener.port) (tcp) of 127.0.0.1 can't be listened on: Address already in use."
        )
    }
}

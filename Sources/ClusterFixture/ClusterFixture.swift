public import ClusterEmulation
public import Testing

/// A cluster for tests: started before them, removed after them, whatever happens in between.
///
/// With Swift Testing it is a trait, and tests find the cluster as ``ClusterEmulation/Cluster/current``:
///
/// ```swift
/// @Suite(ClusterFixture(nodes: 3))                    // one cluster, shared by the suite's tests
/// struct PipelineTests {
///     @Test func everyNodeAnswers() async throws {
///         for node in try Cluster.current.nodes { … }
///     }
///     @Test(ClusterFixture(nodes: 5))                 // a cluster of this test's own
///     func survivesALostWorker() async throws { … }
/// }
/// ```
///
/// With XCTest it is a property, set up and torn down like everything else:
///
/// ```swift
/// final class PipelineXCTests: XCTestCase {
///     let fixture = ClusterFixture(nodes: 3)
///     override func setUp() async throws { try await fixture.setUp() }
///     override func tearDown() async throws { try await fixture.tearDown() }
/// }
/// ```
///
/// Without either, use `withCluster`.
///
/// When a test fails, the logs of the nodes are written to a folder that is named on standard error. With
/// `CLUSTER_FIXTURE_KEEP=failure` or `=always` the cluster is kept too, and it is said how to reach and remove it.
public final class ClusterFixture: Sendable, TestTrait, SuiteTrait, TestScoping {
    /// What the cluster is to be.
    public let configuration: ClusterConfiguration

    private enum State {
        case idle
        case settingUp
        case up(Cluster)
    }
    private let state = Locked(State.idle)

    /// Describes the cluster that tests are to have. Nothing starts yet.
    ///
    /// ```swift
    /// ClusterFixture(nodes: 3) { $0.limits.memory = 1 << 30 }
    /// ```
    ///
    /// - Parameters:
    ///   - nodes: How many nodes.
    ///   - image: What a node is made of.
    ///   - backend: Where the nodes run.
    ///   - name: A name for people, or nil to make one up.
    ///   - configure: Sets whatever else ``ClusterEmulation/ClusterConfiguration`` has, before anything is checked or started.
    public convenience init(
        nodes: Int = 1,
        image: NodeImage = .node,
        backend: BackendChoice = .automatic,
        name: String? = nil,
        configure: (inout ClusterConfiguration) -> Void = { _ in }
    ) {
        var configuration = ClusterConfiguration(nodes: nodes, image: image, backend: backend, name: name)
        configure(&configuration)
        self.init(configuration)
    }

    /// Describes the cluster that tests are to have. Nothing starts yet.
    public init(_ configuration: ClusterConfiguration) { self.configuration = configuration }

    /// The cluster, between ``setUp()`` and ``tearDown(failed:)``.
    ///
    /// - Throws: ``ClusterEmulation/ClusterError`` with the code `noCluster` before set-up and after teardown.
    public var cluster: Cluster {
        get throws {
            if case .up(let cluster) = state.withLock({ $0 }) { return cluster }
            throw ClusterError(
                .noCluster, "This fixture has no cluster: it is not set up, or it is torn down already.",
                remedy: "Call `try await fixture.setUp()` first, in the test case's own setUp.")
        }
    }

    /// Starts the cluster and waits until every node is ready.
    ///
    /// - Returns: The cluster, which ``cluster`` gives from now on.
    /// - Throws: ``ClusterEmulation/ClusterError`` if the cluster can't be started, or is up already. Then nothing is
    /// left.
    @discardableResult
    public func setUp() async throws -> Cluster {
        let isIdle = state.withLock { state in
            guard case .idle = state else { return false }
            state = .settingUp
            return true
        }
        guard isIdle else {
            throw ClusterError(.invalidConfiguration, "This fixture is set up already.", remedy: "Tear it down first.")
        }
        do {
            let cluster = try await Cluster.start(configuration)
            state.withLock { $0 = .up(cluster) }
            return cluster
        } catch {
            state.withLock { $0 = .idle }
            throw error
        }
    }

    /// Removes the cluster; does nothing if there is none.
    ///
    /// - Parameter failed: Whether the test failed; then the nodes' logs are saved first, and the cluster is kept if
    ///   `CLUSTER_FIXTURE_KEEP` says so. In an `XCTestCase`: `(testRun?.totalFailureCount ?? 0) > 0`.
    /// - Throws: ``ClusterEmulation/ClusterError`` with the code `teardownFailed`.
    public func tearDown(failed: Bool = false) async throws {
        let cluster: Cluster? = state.withLock { state in
            guard case .up(let cluster) = state else { return nil }
            state = .idle
            return cluster
        }
        guard let cluster else { return }
        try await Aftermath(of: cluster, failed: failed, work: "the test of cluster \(cluster.name)").settle()
    }
}

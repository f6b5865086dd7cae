public import ClusterEmulation
public import Testing

/// A cluster for tests: started before them, removed after them, whatever happens in between.
///
/// With Swift Testing it is a trait, and tests find the cluster as ``Cluster/current``:
///
/// ```swift
/// @Suite(ClusterFixture(nodes: 3))                    // one cluster, shared by the suite's tests
/// struct PipelineTests {
///     @Test func everyNodeAnswers() async throws {
///         for node in try Cluster.current.nodes {
///             #expect(try await node.run("hostname").standardOutput == "\(node.name)\n")
///         }
///     }
///
///     @Test(ClusterFixture(nodes: 5))                 // a cluster of this test's own
///     func survivesALostWorker() async throws { … }
/// }
/// ```
///
/// With XCTest it is a property, which `setUp` and `tearDown` of the test case start and remove:
///
/// ```swift
/// final class PipelineXCTests: XCTestCase {
///     let fixture = ClusterFixture(nodes: 3)
///
///     override func setUp() async throws { try await fixture.setUp() }
///     override func tearDown() async throws {
///         try await fixture.tearDown(failed: (testRun?.totalFailureCount ?? 0) > 0)
///     }
/// }
/// ```
///
/// Without a test framework, use `withCluster`.
///
/// When a test fails, the evidence is written to a folder that is named on standard error: the logs of the nodes, how each of them is
/// doing, and a page with all that happened; see <doc:Evidence>. An `XCTestCase` has to tell the fixture whether its test failed, as
/// above. With `CLUSTER_FIXTURE_BREAK=failure` the terminal gets a shell into the cluster before it goes. With
/// `CLUSTER_FIXTURE_KEEP=failure` or `=always` the cluster is kept, and the commands that reach it and that remove it are
/// printed.
public final class ClusterFixture: Sendable, TestTrait, SuiteTrait, TestScoping {
    /// The settings of the cluster.
    public let configuration: ClusterConfiguration
    /// Which tests of a suite have the cluster together.
    public let sharing: ClusterSharing
    /// How many clusters are started ahead, for the tests to come.
    public let prewarmed: Int

    private enum State {
        case idle
        case settingUp
        case up(Cluster)
    }
    private let state = Locked(State.idle)

    /// Describes the cluster for the tests. Nothing starts yet.
    ///
    /// ```swift
    /// let fixture = ClusterFixture(nodes: 3) { $0.limits.memory = 1 << 30 }
    /// ```
    ///
    /// - Parameters:
    ///   - nodes: How many nodes, where all are alike.
    ///   - roles: What nodes are there for, where they differ.
    ///   - image: What a node is made of.
    ///   - services: What runs on the nodes besides sshd.
    ///   - backend: Where the nodes run.
    ///   - name: A name for people, or nil to choose one.
    ///   - sharing: Which tests have the cluster together: those of a suite, unless you say otherwise; and whether they find it as others have
    ///     left it, which is so unless you say otherwise, or as new.
    ///   - prewarmed: How many clusters are kept ready in the background from the first use on, so that the next test has one at once.
    ///     Fixtures of the same settings share them. None is used twice, and what is left of them goes with this process.
    ///   - configure: Sets whatever else `ClusterConfiguration` has, before anything is checked or started.
    public convenience init(
        nodes: Int = 1,
        roles: [NodeRole] = [],
        image: NodeImage = .node,
        services: [any Service] = [],
        backend: BackendChoice = .automatic,
        name: String? = nil,
        sharing: ClusterSharing = .suite(),
        prewarmed: Int = 0,
        configure: (inout ClusterConfiguration) -> Void = { _ in }
    ) {
        var configuration = ClusterConfiguration(
            nodes: nodes, roles: roles, image: image, services: services, backend: backend, name: name)
        configure(&configuration)
        self.init(configuration, sharing: sharing, prewarmed: prewarmed)
    }

    /// Describes the cluster for the tests. Nothing starts yet.
    ///
    /// - Parameters:
    ///   - configuration: The settings of the cluster.
    ///   - sharing: Which tests have the cluster together, and whether they find it as others have left it, or as new.
    ///   - prewarmed: How many clusters are kept ready in the background from the first use on.
    public init(_ configuration: ClusterConfiguration, sharing: ClusterSharing = .suite(), prewarmed: Int = 0) {
        self.configuration = configuration
        self.sharing = sharing
        self.prewarmed = prewarmed
    }

    /// The cluster, between ``setUp(file:line:)`` and ``tearDown(failed:)``.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` before set-up and after teardown.
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
    /// - Parameters:
    ///   - file: Where it is started, for the message that it was never torn down.
    ///   - line: The line there.
    /// - Returns: The cluster, which ``cluster`` gives from now on.
    /// - Throws: ``ClusterError`` if the cluster can't be started, or is up already. Nothing is left of
    ///   a start that failed.
    @discardableResult
    public func setUp(file: StaticString = #fileID, line: UInt = #line) async throws -> Cluster {
        let isIdle = state.withLock { state in
            guard case .idle = state else { return false }
            state = .settingUp
            return true
        }
        guard isIdle else {
            throw ClusterError(.invalidConfiguration, "This fixture is set up already.", remedy: "Tear it down first.")
        }
        do {
            let turns = try await turns()
            let cluster = turns.cluster
            if sharing.scope == .suite { cluster.mustBeStopped(startedAt: "\(file):\(line)") }
            try await turns.renew()
            state.withLock { $0 = .up(cluster) }
            return cluster
        } catch {
            state.withLock { $0 = .idle }
            throw error
        }
    }

    /// Removes the cluster, unless other suites share it; does nothing if there is none.
    ///
    /// - Parameter failed: Whether the test failed; then the evidence is saved first, and the cluster is kept if
    ///   `CLUSTER_FIXTURE_KEEP` says so. In an `XCTestCase`: `(testRun?.totalFailureCount ?? 0) > 0`.
    /// - Returns: The folder with the evidence, whose files can be attached to the test; nil if there is none.
    /// - Throws: ``ClusterError`` with the code `teardownFailed`.
    @discardableResult
    public func tearDown(failed: Bool = false) async throws -> String? {
        let cluster: Cluster? = state.withLock { state in
            guard case .up(let cluster) = state else { return nil }
            state = .idle
            return cluster
        }
        guard let cluster else { return nil }
        let work = "the test of cluster \(cluster.name)"
        if failed { cluster.timeline.note(.issue, "\(work) failed") }
        return try await Aftermath(of: cluster, failed: failed, work: work).settle(removing: sharing.scope == .suite)
    }
}

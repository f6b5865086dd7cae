#if canImport(XCTest)
public import ClusterEmulation
public import XCTest

/// An `XCTestCase` of which each test has a cluster, with nothing to forget: it is started when the test first asks for it, and removed after the
/// test, with the evidence saved if that has failed.
///
/// ```swift
/// import ClusterFixture
/// import XCTest
///
/// final class EveryNodeTests: ClusterTestCase {
///     override class var configuration: ClusterConfiguration { ClusterConfiguration(nodes: 3) }
///
///     func testEveryNodeAnswers() async throws {
///         for (node, result) in try await cluster.run("hostname") {
///             XCTAssertEqual(try result.get().standardOutput, "\(node)\n")
///         }
///     }
/// }
/// ```
///
/// A class that overrides `setUp` or `tearDown` need not call those of this one. When `tearDown` is called, the cluster is gone.
open class ClusterTestCase: XCTestCase {
    /// What the cluster is to be: one node, unless a class says otherwise.
    open class var configuration: ClusterConfiguration { ClusterConfiguration() }

    /// Which tests have the cluster together: each test has its own, unless a class says `.process()`.
    open class var sharing: ClusterSharing { .suite() }

    private let started = Locked<Task<Cluster, any Error>?>(nil)

    /// The running test's cluster. Whoever asks first waits until it is ready.
    ///
    /// - Throws: ``ClusterError`` if it can't be started.
    public var cluster: Cluster {
        get async throws {
            let fixture = ClusterFixture(type(of: self).configuration, sharing: type(of: self).sharing)
            let (task, isNew) = started.withLock { started in
                if let started { return (started, false) }
                let task = Task { try await fixture.setUp() }
                started = task
                return (task, true)
            }
            if isNew { remove(fixture, after: task) }
            return try await task.value
        }
    }

    private func remove(_ fixture: ClusterFixture, after start: Task<Cluster, any Error>) {
        // XCTest calls the block when the test has ended, and runs nothing else of the test meanwhile.
        nonisolated(unsafe) let test = self
        addTeardownBlock {
            test.started.withLock { $0 = nil }
            _ = await start.result
            try await fixture.tearDown(failed: (test.testRun?.totalFailureCount ?? 0) > 0)
        }
    }
}
#endif

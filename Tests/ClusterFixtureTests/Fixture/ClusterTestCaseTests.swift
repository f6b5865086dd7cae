import ClusterFixture
import FixtureTestSupport
import XCTest

/// `ClusterTestCase`, as users write it: its own `setUp` and `tearDown` call nobody else's.
final class ClusterTestCaseTests: ClusterTestCase {
    override class var configuration: ClusterConfiguration { ClusterConfiguration(nodes: 2) }

    private static let seen = Locked<[Cluster]>([])

    override func setUp() async throws {
        let isUsable = try await !BackendUnderTest.usable().isEmpty
        try XCTSkipUnless(isUsable, "no backend can run here; the reason is on standard error")
    }

    /// What the test before has had is gone.
    override func tearDown() async throws {
        for cluster in Self.seen.withLock({ $0 }) {
            let folder = (cluster.sshConfigurationFile as NSString).deletingLastPathComponent
            XCTAssertFalse(FileManager.default.fileExists(atPath: folder))
        }
    }

    func testTheNodesAnswer() async throws {
        let results = try await cluster.run("hostname").requireSuccess()
        XCTAssertEqual(try results["node2"].standardOutput, "node2\n")
        try await note()
    }

    func testEachTestHasItsOwnAndOnlyOne() async throws {
        try await cluster[0].run("touch was-here").requireSuccess()
        let result = try await cluster[0].run("test -e was-here")
        XCTAssertTrue(result.succeeded)
        try await note()
    }

    private func note() async throws {
        let cluster = try await cluster
        XCTAssertFalse(Self.seen.withLock { $0.contains { $0.id == cluster.id } })
        Self.seen.withLock { $0.append(cluster) }
    }
}

/// A test case whose tests have one cluster together.
final class SharedByTestCasesTests: ClusterTestCase {
    override class var sharing: ClusterSharing { .process() }

    private static let seen = Locked<Set<String>>([])

    override func setUp() async throws {
        let isUsable = try await !BackendUnderTest.usable().isEmpty
        try XCTSkipUnless(isUsable, "no backend can run here; the reason is on standard error")
    }

    func testOneHasIt() async throws { try await note() }

    func testAnotherHasItAsTheFirstHasLeftIt() async throws { try await note() }

    private func note() async throws {
        let cluster = try await cluster
        try await cluster[0].run("touch seen").requireSuccess()
        XCTAssertEqual(Self.seen.withLock { $0.insert(cluster.id).inserted && $0.count > 1 }, false)
    }
}

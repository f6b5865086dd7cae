import ClusterFixture
import FixtureTestSupport
import XCTest

/// `ClusterFixture` in an `XCTestCase`, as users write it.
final class ClusterFixtureXCTests: XCTestCase {
    let fixture = ClusterFixture(nodes: 2)

    override func setUp() async throws {
        let isUsable = try await !BackendUnderTest.usable().isEmpty
        try XCTSkipUnless(isUsable, "no backend can run here; the reason is on standard error")
        try await fixture.setUp()
    }

    override func tearDown() async throws {
        try await fixture.tearDown(failed: (testRun?.totalFailureCount ?? 0) > 0)
    }

    func testTheNodesAnswer() async throws {
        let node = try fixture.cluster["node2"]
        let result = try await node.run("hostname")
        XCTAssertEqual(result.standardOutput, "node2\n")
    }

    func testAFixtureIsSetUpOnce() async throws {
        do {
            try await fixture.setUp()
            XCTFail("the second set-up should have thrown")
        } catch let error as ClusterError {
            XCTAssertEqual(error.code, .invalidConfiguration)
        }
        try await fixture.tearDown()
        XCTAssertThrowsError(try fixture.cluster)
        let again = try await fixture.setUp()
        XCTAssertEqual(try fixture.cluster.id, again.id)
    }
}

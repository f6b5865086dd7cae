import ClusterFixture
import Foundation
import Testing
import XCTest

// `scripts/check-user-package` has these tests fail, to see what is said and what is left.
private let wantedFailure = ProcessInfo.processInfo.environment["FAIL_ON_PURPOSE"]

struct OnPurposeTests {
    @Test(.enabled(if: wantedFailure == "expect"), ClusterFixture(nodes: 2, name: "user-fails-expect"))
    func anExpectationFails() async throws {
        let result = try await Cluster.current[0].run("exit 7")
        #expect(result.exitCode == 0)
    }

    @Test(.enabled(if: wantedFailure == "throw"), ClusterFixture(nodes: 2, name: "user-fails-throw"))
    func anErrorIsThrown() async throws {
        try await Cluster.current[0].run("exit 7").requireSuccess()
    }
}

final class OnPurposeClusterTests: ClusterTestCase {
    override class var configuration: ClusterConfiguration {
        ClusterConfiguration(nodes: 2, name: "user-fails-testcase")
    }

    func testAnAssertionFails() async throws {
        try XCTSkipUnless(wantedFailure == "testcase", "FAIL_ON_PURPOSE is not testcase")
        let result = try await cluster[0].run("exit 7")
        XCTAssertEqual(result.exitCode, 0)
    }
}

/// Its author has forgotten `tearDown`.
final class OnPurposeForgottenTests: XCTestCase {
    let fixture = ClusterFixture(name: "user-forgotten")

    func testAClusterIsForgotten() async throws {
        try XCTSkipUnless(wantedFailure == "forgotten", "FAIL_ON_PURPOSE is not forgotten")
        try await fixture.setUp()
    }
}

final class OnPurposeXCTests: XCTestCase {
    let fixture = ClusterFixture(nodes: 2, name: "user-fails-xctest")

    override func setUp() async throws {
        try XCTSkipUnless(wantedFailure == "xctest", "FAIL_ON_PURPOSE is not xctest")
        try await fixture.setUp()
    }

    override func tearDown() async throws {
        try await fixture.tearDown(failed: (testRun?.totalFailureCount ?? 0) > 0)
    }

    func testAnAssertionFails() async throws {
        let result = try await fixture.cluster[0].run("exit 7")
        XCTAssertEqual(result.exitCode, 0)
    }
}

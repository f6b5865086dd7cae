import ClusterFixture
import XCTest

/// XCTest with nothing to set up and nothing to tear down: every test that asks for a cluster has one of its own.
final class ClusterTestCaseTests: ClusterTestCase {
    override class var configuration: ClusterConfiguration {
        ClusterConfiguration(nodes: 2, name: "user-testcase")
    }

    func testACommandRunsOnAllNodesAtOnce() async throws {
        let results = try await cluster.run("hostname").requireSuccess()
        XCTAssertEqual(results.map(\.node), ["node1", "node2"])
        XCTAssertEqual(try results["node2"].lines, ["node2"])
    }

    func testWhatTakesTooLongSaysWhatItHasPrinted() async throws {
        do {
            try await cluster[0].run("echo begun; sleep 600", timeout: .seconds(1))
            XCTFail("it took ten minutes")
        } catch let error as ClusterError where error.code == .timedOut {
            XCTAssertEqual(error.result?.standardOutput, "begun\n")
        }
    }
}

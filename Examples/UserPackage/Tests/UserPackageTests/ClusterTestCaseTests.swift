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

/// All tests of the class have one cluster, which is removed when the process ends.
final class ClusterOfTheClassTests: ClusterTestCase {
    override class var configuration: ClusterConfiguration {
        ClusterConfiguration(nodes: 2, name: "user-class")
    }
    override class var sharing: ClusterSharing { .process() }

    func testTheFirstTestHasACluster() async throws { try await expectTheSameCluster() }

    func testTheSecondTestHasTheSameCluster() async throws { try await expectTheSameCluster() }

    private func expectTheSameCluster() async throws {
        let id = try await cluster.id
        let seen = await SeenClusters.ofTheClass.adding(id)
        XCTAssertEqual(seen, [id])
    }
}

import ClusterFixture
import XCTest

/// XCTest, the same fixture: every test method has a cluster of its own.
final class XCTestCaseTests: XCTestCase {
    let fixture = ClusterFixture(nodes: 2, name: "user-xctest")

    override func setUp() async throws { try await fixture.setUp() }

    override func tearDown() async throws {
        // Not `testRun?.hasSucceeded`, which is false on Linux as long as the test has not ended.
        try await fixture.tearDown(failed: (testRun?.totalFailureCount ?? 0) > 0)
    }

    func testANodeAnswers() async throws {
        let result = try await fixture.cluster[0].run("hostname")
        XCTAssertEqual(result.standardOutput, "node1\n")
    }

    func testAFileGoesThereAndBack() async throws {
        let node = try fixture.cluster["node2"]
        let (there, back) = (temporaryFile(), temporaryFile())
        defer { for file in [there, back] { try? FileManager.default.removeItem(at: file) } }
        try "data\n".write(to: there, atomically: true, encoding: .utf8)
        try await node.upload(from: there, to: "input.txt")
        try await node.run("tr a-z A-Z <input.txt >output.txt").requireSuccess()
        try await node.download(from: "output.txt", to: back)
        XCTAssertEqual(try String(contentsOf: back, encoding: .utf8), "DATA\n")
    }

    private func temporaryFile() -> URL {
        FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    }
}

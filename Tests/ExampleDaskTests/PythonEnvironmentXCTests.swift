import ClusterFixture
import FixtureTestSupport
import XCTest

/// The same fixture in XCTest.
final class PythonEnvironmentXCTests: XCTestCase {
    private let fixture = ClusterFixture(image: .dask)

    override func setUp() async throws {
        guard try await !BackendUnderTest.usable().isEmpty else { throw XCTSkip("no backend can run here") }
        try await fixture.setUp()
    }

    override func tearDown() async throws {
        try await fixture.tearDown(failed: (testRun?.totalFailureCount ?? 0) > 0)
    }

    /// A pipeline starts its programs with no login and no terminal: there, too, Python must find its libraries.
    func testEveryUserCanImportTheLibraries() async throws {
        let node = try fixture.cluster[0]
        let modules = "dask, distributed, dask_jobqueue, jupyterlab, jupyter_server_proxy, laserchicken"
        for user in User.allCases {
            let result = try await node.run(["python3", "-c", "import \(modules)"], as: user, timeout: .seconds(120))
            XCTAssertEqual(result.exitCode, 0, "\(user): \(result.standardError)")
        }
    }
}

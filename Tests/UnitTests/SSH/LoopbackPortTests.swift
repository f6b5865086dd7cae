import FixtureTestSupport
import Testing

@testable import ClusterEmulation

@Suite struct LoopbackPortTests {
    @Test func aPortThatIsTakenIsSaidOfTheNodeThatWantedIt() throws {
        let listener = try Listener(.hangUp)
        let error = try #require(throws: ClusterError.self) { try LoopbackPort.listen(on: listener.port, for: "node7") }
        #expect(error.node == "node7")
        #expect(error.message.hasPrefix("node7 could not be started: port \(listener.port) of 127.0.0.1"))
    }
}

import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

@Suite struct LoopbackPortTests {
    @Test func aPortThatIsTakenIsSaidOfTheNodeThatWantedIt() throws {
        let listener = try Listener(.hangUp)
        defer { withExtendedLifetime(listener) {} }
        let error = try #require(throws: ClusterError.self) { try LoopbackPort.listen(on: listener.port, for: "node7") }
        #expect(error.node == "node7")
        #expect(error.message.hasPrefix("node7 could not be started: port \(listener.port) (tcp) of 127.0.0.1"))
    }

    @Test func aPortOfDatagramsHasOneOwner() throws {
        let first = try LoopbackPort.listen(on: 0, .udp, for: "node1")
        defer { close(first.descriptor) }
        let error = try #require(throws: ClusterError.self) {
            try LoopbackPort.listen(on: first.port, .udp, for: "node2")
        }
        #expect(error.node == "node2" && error.message.contains("port \(first.port) (udp)"))
        // Connections to a port of the same number are another matter.
        close(try LoopbackPort.listen(on: first.port, for: "node2").descriptor)
    }
}

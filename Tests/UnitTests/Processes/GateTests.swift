import Testing

@testable import ClusterEmulation

@Suite(.timeLimit(.minutes(1))) struct GateTests {
    @Test func noMoreThanItsPlacesAreInsideAtOnce() async throws {
        let gate = Gate(places: 2)
        let inside = Locked((now: 0, most: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await gate.pass {
                        inside.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                        await Task.yield()
                        inside.withLock { $0.now -= 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.withLock { $0.most } <= 2)
        #expect(inside.withLock { $0.now } == 0)
    }

    @Test func oneThatThrowsMakesRoomForTheNext() async throws {
        let gate = Gate(places: 1)
        await #expect(throws: CancellationError.self) { try await gate.pass { throw CancellationError() } }
        #expect(try await gate.pass { 7 } == 7)
    }
}

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

    @Test func whoeverIsCancelledWaitsNoLonger() async throws {
        let (gate, inside, end) = (Gate(places: 1), Once<Void>(), Once<Void>())
        let first = Task {
            try await gate.pass {
                inside.settle(())
                try await end.value
            }
        }
        try await inside.value
        let second = Task { try await gate.pass {} }
        let third = Task { try await gate.pass { 7 } }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        end.settle(())
        try await first.value
        #expect(try await third.value == 7)
    }
}

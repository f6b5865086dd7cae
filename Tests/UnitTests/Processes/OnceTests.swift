import ClusterEmulation
import Testing

@Suite(.timeLimit(.minutes(1))) struct OnceTests {
    @Test func manyWaitForWhatIsKnownOnce() async throws {
        let once = Once<Int>()
        let waiting = (0..<20).map { _ in Task { try await once.value } }
        #expect(once.known == nil)
        once.settle(7)
        once.settle(8)
        for task in waiting { #expect(try await task.value == 7) }
        #expect(once.known == 7)
        #expect(try await once.value == 7)
    }

    @Test func whoeverIsCancelledWaitsNoLonger() async throws {
        let once = Once<Int?>()
        let (one, other) = (Task { try await once.value }, Task { try await once.value })
        one.cancel()
        await #expect(throws: CancellationError.self) { try await one.value }
        // Nothing is what it may be.
        once.settle(nil)
        #expect(try await other.value == nil)
    }
}

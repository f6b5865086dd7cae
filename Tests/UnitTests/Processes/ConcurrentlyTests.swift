import ClusterEmulation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ConcurrentlyTests {
    @Test(arguments: [1, 3, 100]) func noMoreAtATimeAndAllInTheirOrder(limit: Int) async throws {
        let running = Locked((now: 0, most: 0))
        let values = try await concurrently(Array(0..<50), atMost: limit) { number in
            running.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            await Task.yield()
            running.withLock { $0.now -= 1 }
            return number * 2
        }
        #expect(values == (0..<50).map { $0 * 2 })
        #expect(running.withLock { $0.most } <= limit)
    }

    @Test func whatHasNotBegunWhenOneFailsNeverBegins() async throws {
        struct Failure: Error {}
        let begun = Locked<[Int]>([])
        await #expect(throws: Failure.self) {
            try await concurrently(Array(0..<50), atMost: 2) { number in
                begun.withLock { $0.append(number) }
                if number == 3 { throw Failure() }
            }
        }
        #expect(begun.withLock { $0.count } < 50)
    }
}

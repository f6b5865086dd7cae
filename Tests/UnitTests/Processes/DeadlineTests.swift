import ClusterEmulation
import Testing

@Suite struct DeadlineTests {
    @Test func whatEndsInTimeIsReturned() async throws {
        #expect(try await withDeadline(.seconds(60)) { 7 } == 7)
    }

    @Test func whatDoesNotEndIsCancelled() async throws {
        let wasCancelled = Locked(false)
        await #expect(throws: DeadlineExceeded.self) {
            try await withDeadline(.milliseconds(20)) {
                do { try await Task.sleep(for: .seconds(3600)) } catch {
                    wasCancelled.withLock { $0 = true }
                    throw error
                }
            }
        }
        #expect(wasCancelled.withLock { $0 })
    }

    @Test func uncancelledWorkIsSeenThroughInACancelledTask() async throws {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await uncancelled { Task.isCancelled }
        }
        #expect(try await task.value == false)
    }

    @Test func durationsReadAsPeopleWriteThem() {
        #expect(Duration.seconds(60).inSeconds == "60 s")
        #expect(Duration.milliseconds(250).inSeconds == "0.25 s")
    }
}

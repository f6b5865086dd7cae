import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// One at a time, and nobody waits for ever.
@Suite struct FileLockTests {
    private func open(_ folder: String) throws -> Int32 { try OwnFolder.ensured(folder).lockFile("lock") }

    @Test func whoWaitsGetsItWhenItIsFree() async throws {
        try await withTemporaryFolder { folder in
            let first = try #require(FileLock(ifFree: open(folder)))
            #expect(FileLock(ifFree: try open(folder)) == nil)
            async let second = FileLock.take(within: .seconds(60)) { try open(folder) }
            first.release()
            let lock = try #require(try await second)
            #expect(FileLock(ifFree: try open(folder)) == nil)
            lock.release()
            // Once more is no harm, to nobody else's file.
            lock.release()
            #expect(FileLock(ifFree: try open(folder)) != nil)
        }
    }

    @Test func aHolderThatStandsStillHoldsNobodyUpForEver() async throws {
        try await withTemporaryFolder { folder in
            let first = try #require(FileLock(ifFree: open(folder)))
            #expect(try await FileLock.take(within: .milliseconds(50)) { try open(folder) } == nil)
            first.release()
        }
    }

    @Test func aWaitIsCancelled() async throws {
        try await withTemporaryFolder { folder in
            let first = try #require(FileLock(ifFree: open(folder)))
            let waiting = Task { try await FileLock.take(within: .seconds(60)) { try open(folder) } }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            first.release()
        }
    }
}

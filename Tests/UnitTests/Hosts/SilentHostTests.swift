import Testing

@testable import ClusterEmulation

/// A machine that never answers holds up nobody for ever. The way to it is a program that only sleeps.
@Suite(.timeLimit(.minutes(5))) struct SilentHostTests {
    private static func take(within limit: Duration) async throws -> HostLease.Answer {
        try await HostLease.take(
            ["-F", "/dev/null", "-T", "-o", "ProxyCommand=sleep 100", "--", "silent"], cluster: .random(),
            base: "/tmp", login: "nobody", owner: ["nobody", "tests"], within: limit)
    }

    @Test func whatIsSilentIsGivenUp() async throws {
        let begun = ContinuousClock.now
        guard case .silent(let limit, _) = try await Self.take(within: .milliseconds(500)) else {
            Issue.record("it has answered")
            return
        }
        #expect(limit == .milliseconds(500))
        #expect(ContinuousClock.now - begun < .seconds(60))
    }

    @Test func whoeverIsCancelledWaitsNoLonger() async throws {
        let begun = ContinuousClock.now
        let task = Task { try await Self.take(within: .seconds(3600)) }
        try await Task.sleep(for: .milliseconds(300))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(ContinuousClock.now - begun < .seconds(60))
    }
}

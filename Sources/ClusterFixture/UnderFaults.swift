public import ClusterEmulation
public import Testing

/// Runs a test once for each of some seeds, each time while other faults begin and end.
///
/// ```swift
/// @Test(ClusterFixture(nodes: 3), .underFaults(seeds: 1...20, mix: FaultMix(kinds: [.pause, .partition])))
/// func keepsItsWord() async throws { … }
/// ```
///
/// When it fails, the seed and its schedule are told. Then it is run under fewer and fewer of the same faults, to find the shortest schedule
/// that it still fails under: that one is told as a line of Swift, which replays it with `underFaults(replaying:)`. The seeds
/// behind the one that failed are left out. Between two runs the cluster is made as new, where its backend can do that.
public struct UnderFaults: TestTrait, TestScoping {
    private enum Source: Sendable {
        case seeds([UInt64], FaultMix)
        case schedule(FaultSchedule)
    }

    private let source: Source
    private let shrinkingRuns: Int

    fileprivate init(seeds: [UInt64], mix: FaultMix, shrinkingRuns: Int) {
        self.source = .seeds(seeds, mix)
        self.shrinkingRuns = shrinkingRuns
    }

    fileprivate init(_ schedule: FaultSchedule) {
        self.source = .schedule(schedule)
        self.shrinkingRuns = 0
    }

    /// Runs the test under each schedule in turn.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let cluster = try Cluster.current
        let run = FaultedRun(cluster: cluster, test: test, testCase: testCase)
        var isFirst = true
        for (seed, schedule) in schedules(on: cluster) {
            if !isFirst { try await run.refresh() }
            isFirst = false
            let outcome = await run.attempt(schedule, isQuiet: false, function)
            // What is thrown to skip or to cancel a test is not a failure of it.
            if case .cancelled(let error) = outcome { throw error }
            guard outcome.isFailure else { continue }
            try await tell(seed, schedule, run, function)
            if case .thrown(let error) = outcome { throw error }
            return
        }
    }

    private func schedules(on cluster: Cluster) -> [(seed: UInt64?, schedule: FaultSchedule)] {
        switch source {
        case .seeds(let seeds, let mix): seeds.map { ($0, FaultSchedule(seed: $0, on: cluster, mix: mix)) }
        case .schedule(let schedule): [(nil, schedule)]
        }
    }

    private func tell(
        _ seed: UInt64?, _ schedule: FaultSchedule, _ run: FaultedRun,
        _ function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard let seed else { return }
        let (shortest, runs) = try await schedule.shrunk(runs: shrinkingRuns) { shorter in
            try await run.refresh()
            return await run.attempt(shorter, isQuiet: true, function).isFailure
        }
        let report = """
            Failed under the faults of seed \(seed): \(schedule)
            The shortest schedule that it still fails under, after \(runs) more runs:
            .underFaults(replaying: \(shortest))
            """
        Progress.say(report)
        Issue.record(Comment(rawValue: report))
    }
}

extension Trait where Self == UnderFaults {
    /// Runs the test once for each seed, each time while other faults begin and end. The test needs a cluster: a ``ClusterFixture``
    /// before this trait, or of its suite.
    ///
    /// - Parameters:
    ///   - seeds: The seeds.
    ///   - mix: What schedules are made of.
    ///   - shrinkingRuns: How many shorter schedules are tried at most when the test fails.
    /// - Returns: The trait.
    public static func underFaults(
        seeds: ClosedRange<Int>, mix: FaultMix = FaultMix(), shrinkingRuns: Int = 20
    ) -> Self {
        UnderFaults(seeds: seeds.map { UInt64(bitPattern: Int64($0)) }, mix: mix, shrinkingRuns: shrinkingRuns)
    }

    /// Runs the test once while faults begin and end as a schedule says.
    ///
    /// - Parameter schedule: The faults, as a failed run has printed them.
    /// - Returns: The trait.
    public static func underFaults(replaying schedule: FaultSchedule) -> Self { UnderFaults(schedule) }
}

/// A test that is run again and again.
private struct FaultedRun: Sendable {
    let cluster: Cluster
    let test: Test
    let testCase: Test.Case?

    enum Outcome {
        case passed, issue
        case thrown(any Error)
        case cancelled(any Error)

        var isFailure: Bool {
            switch self {
            case .issue, .thrown: true
            case .passed, .cancelled: false
            }
        }
    }

    /// Runs the test under a schedule. If it is quiet, its issues are not recorded: they are known already.
    func attempt(
        _ schedule: FaultSchedule, isQuiet: Bool, _ function: @concurrent @Sendable () async throws -> Void
    ) async -> Outcome {
        let failed = Locked(false)
        let watching: IssueHandlingTrait = .compactMapIssues { issue in
            if issue.isFailure { failed.withLock { $0 = true } }
            return isQuiet ? nil : issue
        }
        do {
            try await FaultSchedule.$current.withValue(schedule) {
                try await cluster.underFaults(schedule) {
                    try await watching.provideScope(for: test, testCase: testCase, performing: function)
                }
            }
        } catch {
            return error is CancellationError || Task.isCancelled ? .cancelled(error) : .thrown(error)
        }
        return failed.withLock { $0 } ? .issue : .passed
    }

    /// Makes the cluster as new, if its backend can.
    func refresh() async throws {
        try Task.checkCancellation()
        if cluster.canBeReset { try await cluster.reset() }
    }
}

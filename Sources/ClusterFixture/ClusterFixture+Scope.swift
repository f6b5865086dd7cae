public import ClusterEmulation
public import Testing

extension ClusterFixture {
    /// One cluster per suite or test function: a parameterised test's cases share theirs. Of a cluster that is reset before each test, each
    /// case has its turn.
    public func scopeProvider(for test: Test, testCase: Test.Case?) -> ClusterFixture? {
        let takesTurns = Cluster.published?.fixture === self && sharing.reset == .eachTest
        return (testCase == nil) == takesTurns ? nil : self
    }

    /// A suite's tests are told of, so that it is known which of them ran when: their cluster is the suite's.
    public var isRecursive: Bool { true }

    /// Starts a cluster, runs the suite or the test with it as ``Cluster/current``, and removes it, unless other suites share it.
    ///
    /// `#expect` doesn't throw when it fails, so issues are watched. What a test throws is passed on, since that is how it
    /// is skipped or cancelled. A throw in a cancelled task counts as a failure: a time limit has passed.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        if let (fixture, turns) = Cluster.published, fixture === self {
            // In the scope of the suite's cluster.
            return try await turns.take { try await self.noted(test, on: turns.cluster, function) }
        }
        let turns = try await turns()
        let cluster = turns.cluster
        let failed = Locked(false)
        let watching: IssueHandlingTrait = .compactMapIssues { issue in
            if issue.isFailure {
                failed.withLock { $0 = true }
                cluster.timeline.note(.issue, (Test.current.map { "\($0.shownName): " } ?? "") + issue.words)
            }
            return issue
        }
        do {
            try await Cluster.$published.withValue((self, turns)) {
                try await watching.provideScope(for: test, testCase: testCase) {
                    // Where they take turns, each case is noted in its own.
                    if sharing.reset == .eachTest { return try await function() }
                    try await noted(test, on: cluster, function)
                }
            }
        } catch {
            let isFailure = Task.isCancelled || !(error is CancellationError)
            if isFailure { cluster.timeline.note(.issue, "\(test.shownName): \(error)") }
            do {
                try await settle(cluster, after: test, failed: isFailure)
            } catch let teardownError {
                Issue.record(teardownError)
            }
            throw error
        }
        try await settle(cluster, after: test, failed: failed.withLock { $0 })
    }

    /// Runs a test, and notes on the cluster's timeline from when to when it ran, and what came of it.
    private func noted(
        _ test: Test, on cluster: Cluster, _ function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        if test.isSuite { return try await function() }
        let timeline = cluster.timeline
        let number = timeline.begin(.test, test.shownName, place: test.sourceLocation.fileID)
        let issues = Locked<[String]>([])
        let watching: IssueHandlingTrait = .compactMapIssues { issue in
            if issue.isFailure { issues.withLock { $0.append(issue.words) } }
            return issue
        }
        do {
            try await watching.provideScope(for: test, testCase: nil, performing: function)
        } catch {
            timeline.end(number, error)
            if !(error is CancellationError) { await keepEvidence(of: cluster, after: test) }
            throw error
        }
        let words = issues.withLock { $0 }
        timeline.end(number, trouble: words.isEmpty ? nil : words.joined(separator: "\n"))
        if !words.isEmpty { await keepEvidence(of: cluster, after: test) }
    }

    /// The next test's reset would take it away.
    private func keepEvidence(of cluster: Cluster, after test: Test) async {
        guard sharing.reset == .eachTest else { return }
        await Aftermath(of: cluster, failed: true, work: test.shownName).keepEvidence { name, text in
            Attachment.record(text, named: name)
        }
    }

    private func settle(_ cluster: Cluster, after test: Test, failed: Bool) async throws {
        try await Aftermath(of: cluster, failed: failed, work: test.shownName).settle(
            removing: sharing.scope == .suite
        ) { name, text in
            Attachment.record(text, named: name)
        }
    }
}

extension Test {
    fileprivate var shownName: String { displayName ?? name }
}

extension Issue {
    /// Where it was recorded, and what it is.
    fileprivate var words: String {
        let place = sourceLocation.map { "\($0.fileName):\($0.line): " } ?? ""
        return place + "\(self)"
    }
}

extension Cluster {
    /// The fixture in whose scope a test is, and how it has its cluster.
    @TaskLocal static var published: (fixture: ClusterFixture, turns: ClusterTurns)?

    /// The cluster of the innermost ``ClusterFixture`` around the running test.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` outside a fixture's scope.
    public static var current: Cluster {
        get throws {
            guard let published else {
                throw ClusterError(
                    .noCluster, "There is no current cluster: this code runs outside a ClusterFixture's scope.",
                    remedy: "Give the test or its suite a fixture: `@Test(ClusterFixture(nodes: 3))`.")
            }
            return published.turns.cluster
        }
    }
}

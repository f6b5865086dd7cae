public import ClusterEmulation
public import Testing

extension ClusterFixture {
    /// Whether the suite's tests have the fixture for a trait as well: only then it can reset the cluster before each.
    public var isRecursive: Bool { sharing.reset == .eachTest }

    /// One cluster per suite or test function: a parameterised test's cases share theirs. With a cluster that is reset before each test, each
    /// test's case takes its turn.
    public func scopeProvider(for test: Test, testCase: Test.Case?) -> ClusterFixture? {
        let hasCluster = Self.shared[ObjectIdentifier(self)] != nil
        return (testCase == nil) == hasCluster ? nil : self
    }

    /// The clusters that are shared by the suites around the running test, and reset before each test.
    @TaskLocal private static var shared: [ObjectIdentifier: SharedCluster] = [:]

    /// Starts a cluster, runs the suite or the test with it as ``Cluster/current``, and removes it.
    ///
    /// `#expect` doesn't throw when it fails, so issues are watched. What a test throws is passed on, since that is how it
    /// is skipped or cancelled. A throw in a cancelled task counts as a failure: a time limit has passed.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        if let shared = Self.shared[ObjectIdentifier(self)] { return try await shared.take(function) }
        let cluster = try await Cluster.start(configuration)
        let failed = Locked(false)
        let watching: IssueHandlingTrait = .compactMapIssues { issue in
            if issue.isFailure { failed.withLock { $0 = true } }
            return issue
        }
        do {
            try await Self.$shared.withValue(shared(cluster)) {
                try await Cluster.$published.withValue(cluster) {
                    try await watching.provideScope(for: test, testCase: testCase, performing: function)
                }
            }
        } catch {
            let isFailure = Task.isCancelled || !(error is CancellationError)
            do {
                try await settle(cluster, after: test, failed: isFailure)
            } catch let teardownError {
                Issue.record(teardownError)
            }
            throw error
        }
        try await settle(cluster, after: test, failed: failed.withLock { $0 })
    }

    private func shared(_ cluster: Cluster) -> [ObjectIdentifier: SharedCluster] {
        var clusters = Self.shared
        if sharing.reset == .eachTest { clusters[ObjectIdentifier(self)] = SharedCluster(cluster) }
        return clusters
    }

    private func settle(_ cluster: Cluster, after test: Test, failed: Bool) async throws {
        try await Aftermath(of: cluster, failed: failed, work: test.displayName ?? test.name).settle { name, log in
            Attachment.record(log, named: name)
        }
    }
}

extension Cluster {
    @TaskLocal static var published: Cluster?

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
            return published
        }
    }
}

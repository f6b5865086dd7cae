import ClusterFixture

/// A cluster of this library's that is made as new, whose nodes are restarted, kept and given back; and one that was started ahead.
final class ResetCluster: Contender {
    let name: String
    private let backend: BackendChoice
    private var fixture: ClusterFixture?
    private var prewarmed: ClusterFixture?

    init(_ backend: BackendChoice) {
        self.backend = backend
        name = backend.description
    }

    func whyNot() -> String? { backend == .docker ? DockerEngine.whyNot : Machine.needsRoot }

    func setUp(nodes: Int) async throws -> Times {
        let fixture = ClusterFixture(nodes: nodes, backend: backend, sharing: .suite(reset: .eachTest))
        self.fixture = fixture
        var stopwatch = Stopwatch()
        let cluster = try await fixture.setUp()
        stopwatch.lap(.ready)
        var times = stopwatch.times
        for node in cluster.nodes { try await node.run("echo changed > /root/file", as: .root).requireSuccess() }
        times[.reset] = try await seconds { try await cluster.reset() }
        times[.resetBanners] = (cluster.resetTimes?[.banners] ?? .zero) / .seconds(1)
        times[.restart] = try await seconds { try await cluster[0].restart() }
        times[.snapshot] = try await seconds { try await cluster.snapshot("kept") }
        times[.restore] = try await seconds { try await cluster.restore("kept") }
        times[.lease] = try await lease(nodes)
        return times
    }

    func tearDown() async throws {
        try await fixture?.tearDown()
        try await prewarmed?.tearDown()
        (fixture, prewarmed) = (nil, nil)
    }

    /// A cluster that is started ahead is there when the one before it is taken.
    private func lease(_ nodes: Int) async throws -> Double {
        let first = ClusterFixture(nodes: nodes, backend: backend, prewarmed: 1)
        try await first.setUp()
        // While nothing else is started.
        try await Task.sleep(for: .seconds(3))
        let second = ClusterFixture(nodes: nodes, backend: backend, prewarmed: 1)
        let time = try await seconds { try await second.setUp() }
        try await first.tearDown()
        prewarmed = second
        return time
    }

    private func seconds(_ work: () async throws -> Void) async throws -> Double {
        let stopwatch = Stopwatch()
        try await work()
        return stopwatch.seconds
    }
}

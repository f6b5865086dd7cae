import ClusterFixture

/// A cluster of this library, on one of its backends.
final class LibraryCluster: Contender {
    let name: String
    let backend: BackendChoice
    private var fixture: ClusterFixture?

    init(_ backend: BackendChoice) {
        self.backend = backend
        name = backend.description
    }

    func whyNot() -> String? { backend == .docker ? DockerEngine.whyNot : Machine.needsRoot }

    func setUp(nodes: Int) async throws -> Times {
        let fixture = ClusterFixture(nodes: nodes, backend: backend) { $0.readyWithin = .seconds(300) }
        self.fixture = fixture
        var stopwatch = Stopwatch()
        let cluster = try await fixture.setUp()
        stopwatch.lap(.ready)
        return cluster.startTimes.steps.merging(stopwatch.times) { _, wall in wall }
    }

    func tearDown() async throws {
        try await fixture?.tearDown()
        fixture = nil
    }
}

extension StartTimes {
    /// The steps of the start that there were, as the benchmark notes them.
    var steps: Times {
        var times = Times()
        for step in Step.allCases where self[step] > .zero { times[.init(step)] = self[step] / .seconds(1) }
        return times
    }
}

extension Step {
    fileprivate init(_ step: StartTimes.Step) {
        self =
            switch step {
            case .keys: .keys
            case .image: .image
            case .nodes: .nodes
            case .banners: .banners
            case .ready: .ready
            case .services: .services
            }
    }
}

import ClusterFixture

/// A cluster of this library's: a login node and N that compute, with Slurm, or without for a comparison.
final class SlurmCluster: Contender {
    let name: String
    private let backend: BackendChoice
    private let services: [any Service]
    private var fixture: ClusterFixture?

    init(_ backend: BackendChoice, slurm: Bool = true) {
        self.backend = backend
        services = slurm ? [.slurm()] : []
        name = backend.description + (slurm ? "" : ", nodes alone")
    }

    func whyNot() -> String? { backend == .docker ? DockerEngine.whyNot : Machine.needsRoot }

    func setUp(nodes: Int) async throws -> Times {
        let fixture = ClusterFixture(roles: [.login, .compute(nodes)], services: services, backend: backend)
        self.fixture = fixture
        var stopwatch = Stopwatch()
        let cluster = try await fixture.setUp()
        if services.isEmpty {
            stopwatch.lap(.ready)
            return cluster.startTimes.steps.merging(stopwatch.times) { _, wall in wall }
        }
        stopwatch.lap(.services)
        let job = try await cluster[0].run("srun -N\(nodes) hostname").requireSuccess()
        stopwatch.lap(.job)
        guard job.lines.sorted() == cluster.nodes.dropFirst().map(\.name).sorted() else {
            throw Failure("the job printed \"\(job.standardOutput)\"")
        }
        var times = cluster.startTimes.steps.merging(stopwatch.times) { _, wall in wall }
        times[.batch] = try await Self.batch(cluster)
        return times
    }

    func tearDown() async throws {
        try await fixture?.tearDown()
        fixture = nil
    }

    /// Seconds from the submission of a batch job, `true`, until its end is known.
    private static func batch(_ cluster: Cluster) async throws -> Double {
        let stopwatch = Stopwatch()
        let slurm = try cluster.slurm
        let job = try await slurm.wait(for: slurm.submit(script: "true"))
        let seconds = stopwatch.seconds
        guard job.state == .completed else { throw Failure("the batch job is \(job.state)") }
        return seconds
    }
}

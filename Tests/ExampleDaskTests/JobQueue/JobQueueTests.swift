import ClusterFixture
import FixtureTestSupport
import Foundation
import Testing

/// A program on the login node has Dask workers as jobs of the batch system, by dask-jobqueue. One of the jobs is ended while they
/// compute, and its node is drained: the answers are the same, and the workers are elsewhere then.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(10)))
struct JobQueueTests {
    @Test(.jobQueue(.slurm()))
    func slurmRunsTheWorkers() async throws {
        let slurm = try Cluster.current.slurm

        try await squares("SLURMCluster") { node in
            try await slurm.drain(node)
            for job in try await slurm.queue() where job.nodes == [node.name] { try await slurm.cancel(job.id) }
        }
    }

    @Test(.jobQueue(.gridEngine()))
    func gridEngineRunsTheWorkers() async throws {
        let engine = try Cluster.current.gridEngine

        try await squares("SGECluster") { node in
            try await engine.drain(node)
            for job in try await engine.queue() where job.nodes == [node.name] { try await engine.cancel(job.id) }
        }
    }

    @Test(.jobQueue(.htCondor()))
    func htCondorRunsTheWorkers() async throws {
        let condor = try Cluster.current.htCondor

        try await squares("HTCondorCluster") { node in
            try await condor.drain(node)
            for job in try await condor.queue() where job.nodes == [node.name] { try await condor.cancel(job.id) }
        }
    }

    /// Runs the program on the login node, and takes a node away from it half-way.
    private func squares(_ kind: String, takeAway: @escaping @Sendable (_ node: Node) async throws -> Void)
        async throws
    {
        let login = try Cluster.current["login1"]
        try await login.upload(from: Checkout.path + "/Tests/ExampleDaskTests/JobQueue/squares.py", to: "squares.py")

        async let program = login.run(["python3", "squares.py", kind], timeout: .seconds(200))
        let begun = try await eventually(within: .seconds(120)) { try await login.run("test -e started").exitCode == 0 }
        if begun {
            let hosts = try await JSONDecoder().decode(
                [String].self, from: Data(login.run("cat started").standardOutput.utf8))
            #expect(hosts == ["compute1", "compute2", "compute3"], "three jobs of one processor each, on three nodes")
            try await takeAway(Cluster.current["compute2"])
        }
        let told = try await program.requireSuccess()
        #expect(begun, "\(told)")
        let answers = try JSONDecoder().decode(Answers.self, from: Data(told.standardOutput.utf8))
        #expect(answers.sum == (0..<200).map { $0 * $0 }.reduce(0, +))
        #expect(answers.more == (200..<220).map { $0 * $0 }.reduce(0, +))
        #expect(answers.hosts == ["compute1", "compute3"])
    }

    private struct Answers: Decodable {
        let sum: Int
        let more: Int
        let hosts: [String]
    }
}

extension Trait where Self == ClusterFixture {
    /// A login node and three compute nodes of one processor with Dask, a shared home, and a batch system.
    fileprivate static func jobQueue(_ service: some Service) -> Self {
        ClusterFixture(
            roles: [.login, .compute(3, limits: NodeLimits(processors: 1, memory: 1 << 30))], image: .dask,
            services: [service, .sharedFolder("/home")])
    }
}

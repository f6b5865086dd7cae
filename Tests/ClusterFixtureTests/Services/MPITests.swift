import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Programs of several processes that talk by MPI, over a login node and compute nodes that share their homes: 50 MB are summed up over
/// all of them, and each sum is checked.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(10))) struct MPITests {
    enum Implementation: String, CaseIterable, CustomTestStringConvertible {
        case openMPI, mpich

        var testDescription: String { rawValue }

        var image: NodeImage {
            let own = self == .openMPI ? ["libopenmpi-dev", "openmpi-bin"] : ["libmpich-dev", "mpich"]
            return .node.adding(packages: ["gcc", "libc6-dev"] + own)
        }

        /// The options with which mpirun takes one process on each node that a file names.
        var overHosts: [String] { self == .openMPI ? ["--map-by", "ppr:1:node", "--hostfile"] : ["-ppn", "1", "-f"] }

        /// What Slurm has to know of it.
        var slurmName: String { self == .openMPI ? "pmix" : "pmi2" }
    }

    /// Runs a closure with a cluster on whose login node the program is.
    private func withProgram(
        _ implementation: Implementation, _ backend: BackendUnderTest, services: [any Service] = [],
        _ body: nonisolated(nonsending) (Cluster) async throws -> Void
    ) async throws {
        try await withCluster(
            roles: [.login, .compute(3, limits: NodeLimits(processors: 1))], image: implementation.image,
            services: services + [.sharedFolder("/home")], backend: backend.choice
        ) { cluster in
            let login = cluster["login1"]
            let source = "\(Checkout.path)/Tests/ClusterFixtureTests/Services/allreduce.c"
            try await login.upload(from: source, to: "allreduce.c")
            try await login.run("mpicc -O2 -o allreduce allreduce.c", timeout: .seconds(60)).requireSuccess()
            try await body(cluster)
        }
    }

    private func check(_ lines: [String]) {
        let told = lines.sorted().map { $0.split(separator: " ").map(String.init) }.filter { $0.last == "wrong" }
        #expect(
            told.map { $0.first?.prefix { $0 != "." && $0 != ":" } } == ["compute1", "compute2", "compute3"], "\(lines)"
        )
        #expect(told.compactMap { $0.dropFirst().first }.sorted() == ["0", "1", "2"], "\(lines)")
        #expect(lines.allSatisfy { $0.hasSuffix("of 3, 0 wrong") }, "\(lines)")
    }

    @Test(arguments: try await BackendUnderTest.usable(), Implementation.allCases)
    func mpirunStartsItOverSSH(backend: BackendUnderTest, implementation: Implementation) async throws {
        try await withProgram(implementation, backend) { cluster in
            let login = cluster["login1"]
            try await login.run("printf 'compute%s\\n' 1 2 3 >hosts").requireSuccess()
            let words = ["mpirun", "-n", "3"] + implementation.overHosts + ["hosts", "./allreduce"]
            check(try await login.run(words, timeout: .seconds(60)).requireSuccess().lines)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(), Implementation.allCases)
    func slurmStartsItAndGivesItItsNodes(backend: BackendUnderTest, implementation: Implementation) async throws {
        try await withProgram(implementation, backend, services: [.slurm()]) { cluster in
            let (slurm, login) = (try cluster.slurm, cluster["login1"])
            let words = ["srun", "--mpi=\(implementation.slurmName)", "--nodes=3", "--ntasks=3", "./allreduce"]
            check(try await login.run(words, timeout: .seconds(60)).requireSuccess().lines)
            let job = try await slurm.submit(script: "mpirun ./allreduce", options: ["--nodes=3", "--ntasks=3"])
            #expect(try await slurm.wait(for: job).state == .completed)
            check(try await slurm.output(of: job).split(separator: "\n").map(String.init))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(), Implementation.allCases)
    func gridEngineGivesItItsNodes(backend: BackendUnderTest, implementation: Implementation) async throws {
        try await withProgram(implementation, backend, services: [.gridEngine()]) { cluster in
            let engine = try cluster.gridEngine
            let job = try await engine.submit(
                script: "mpirun ./allreduce", options: ["-pe", "mpi", "3", "-o", "sums", "-e", "complaints"])
            let ended = try await engine.wait(for: job)
            let complaints = try await cluster["login1"].run("cat complaints").standardOutput
            #expect(ended.state == .completed, "\(complaints)")
            check(try await cluster["login1"].run("cat sums").lines)
        }
    }
}

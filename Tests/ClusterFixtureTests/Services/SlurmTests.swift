import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Slurm as users of real clusters know it.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(5))) struct SlurmTests {
    /// Runs a closure with a login node and three compute nodes, whose homes are the same.
    static func withSlurm(
        _ backend: BackendUnderTest, _ slurm: Slurm = .slurm(), limits: NodeLimits = .none, site: Site = .open,
        _ body: nonisolated(nonsending) (Cluster) async throws -> Void
    ) async throws {
        let configuration = ClusterConfiguration(
            roles: [.login, .compute(3, limits: limits)], services: [slurm, .sharedFolder("/home")], site: site,
            backend: backend.choice, capabilities: ["SYS_PTRACE"])
        try await withCluster(configuration, body)
    }

    private static let computeNodes = ["compute1", "compute2", "compute3"]

    @Test(arguments: try await BackendUnderTest.usable())
    func itsCommandsWork(backend: BackendUnderTest) async throws {
        try await Self.withSlurm(backend) { cluster in
            let login = cluster["login1"]
            let idle = Dictionary(uniqueKeysWithValues: Self.computeNodes.map { ($0, "idle") })
            #expect(try await cluster.slurm.nodeStates() == idle)
            for user in User.allCases {
                let ran = try await login.run("srun --nodes=3 hostname", as: user).requireSuccess()
                #expect(ran.lines.sorted() == Self.computeNodes)
                let allocated = try await login.run("salloc --nodes=2 srun hostname", as: user).requireSuccess()
                #expect(
                    Set(allocated.lines).count == 2 && Self.computeNodes.filter(allocated.lines.contains).count == 2)
            }
            #expect(try await eventually { try await cluster.slurm.nodeStates() == idle })
            // From compute nodes too.
            let inner = try await cluster["compute2"].run(
                "srun --nodelist=compute3 whoami; sinfo --noheader --format=%P")
            #expect(inner.lines == ["ubuntu", "normal*"], "\(inner)")
            let submitted = try await login.run("sbatch --parsable --wait --wrap='hostname; pwd' && cat slurm-*.out")
            #expect(submitted.lines.suffix(2).last == "/home/ubuntu", "\(submitted)")
            let queued = try await login.run(
                "sbatch --hold --job-name=held --wrap=true && squeue --noheader --format='%j %u %T' && scancel --name=held && squeue --noheader"
            )
            #expect(queued.lines.suffix(1) == ["held ubuntu PENDING"], "\(queued)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func jobsEndAsTheirScriptsDo(backend: BackendUnderTest) async throws {
        try await Self.withSlurm(backend) { cluster in
            let slurm = try cluster.slurm
            try await withTemporaryFolder { folder in
                let script = """
                    #!/bin/bash
                    #SBATCH --output=told-%j.txt
                    #SBATCH --nodes=2
                    echo "$SLURM_JOB_NAME $SLURM_JOB_NUM_NODES $PWD $(whoami) $1"
                    """
                try script.write(toFile: folder + "/my pipeline.sbatch", atomically: true, encoding: .utf8)
                try await cluster["login1"].run("mkdir 'a folder'").requireSuccess()
                let id = try await slurm.submit(
                    folder + "/my pipeline.sbatch", arguments: ["it's $HOME"], options: ["--nodes=3"], in: "a folder")
                let job = try await slurm.wait(for: id)
                #expect(job.state == .completed && job.id == id && job.exitCode == 0 && job.reason == nil)
                #expect(job.name == "my pipeline.sbatch" && job.user == "ubuntu" && job.partition == "normal")
                #expect(job.nodes == Self.computeNodes && job.batchNode == "compute1")
                #expect(job.outputFile == "/home/ubuntu/a folder/told-\(id).txt")
                let told = "my pipeline.sbatch 3 /home/ubuntu/a folder ubuntu it's $HOME\n"
                #expect(try await slurm.output(of: id) == told)
            }
            let failed = try await slurm.wait(for: slurm.submit(script: "exit 3", as: .root))
            #expect(failed.state == .failed && failed.exitCode == 3 && failed.user == "root")
            #expect(failed.reason == "NonZeroExitCode")
            let killed = try await slurm.wait(for: slurm.submit(script: "kill -9 $$"))
            #expect(killed.state == .failed && killed.signal == 9)
            try await refusesWhatCantBe(slurm)
            try await cancels(slurm)
        }
    }

    private func refusesWhatCantBe(_ slurm: RunningService<Slurm>) async throws {
        for (options, words) in [
            (["--partition=nowhere"], "invalid partition"), (["--nodes=9"], "not available"),
            (["--nonsense"], "nonsense"),
        ] {
            let error = await #expect(throws: ClusterError.self) {
                try await slurm.submit(script: "true", options: options)
            }
            #expect(error?.code == .commandFailed && error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        await #expect(throws: ClusterError.self) { try await slurm.submit("/no/such/script") }
        let error = await #expect(throws: ClusterError.self) { try await slurm.state(of: SlurmJob.ID(4711)) }
        #expect(error?.message.contains("Invalid job id") == true, "\(error?.message ?? "")")
    }

    private func cancels(_ slurm: RunningService<Slurm>) async throws {
        let job = try await slurm.submit(script: "sleep 1000")
        try #require(try await eventually { try await slurm.state(of: job) == .running })
        #expect(try await slurm.queue().map(\.id) == [job])
        let error = await #expect(throws: ClusterError.self) { try await slurm.wait(for: job, within: .seconds(0.5)) }
        #expect(
            error?.code == .timedOut && error?.message.hasSuffix("it is RUNNING.") == true, "\(error?.message ?? "")")
        try await slurm.cancel(job)
        #expect(try await slurm.wait(for: job).state == .cancelled)
        #expect(try await slurm.queue().isEmpty)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func arraysAndDependenciesAreInOrder(backend: BackendUnderTest) async throws {
        try await Self.withSlurm(backend) { cluster in
            let slurm = try cluster.slurm
            let array = try await slurm.submit(
                script: "echo $SLURM_ARRAY_TASK_ID on $SLURM_JOB_ID; [ $SLURM_ARRAY_TASK_ID != 5 ]",
                options: ["--array=1-8", "--output=task-%a.txt"])
            let after = try await slurm.submit(
                script: "cat task-*.txt | wc -l", options: ["--dependency=afterany:\(array)"])
            let never = try await slurm.submit(
                script: "true", options: ["--dependency=afterok:\(array)", "--kill-on-invalid-dep=yes"])
            let whole = try await slurm.wait(for: array)
            #expect(whole.state == .failed && whole.id == SlurmJob.ID(array.job, task: 5))
            let tasks = try await slurm.tasks(of: array)
            #expect(tasks.map(\.id.task) == (1...8).map { $0 })
            #expect(tasks.map(\.state) == (1...8).map { $0 == 5 ? .failed : .completed })
            #expect(try await slurm.state(of: SlurmJob.ID(array.job, task: 3)) == .completed)
            #expect(try await slurm.wait(for: after).state == .completed)
            #expect(try await slurm.output(of: after) == "8\n")
            #expect(try await slurm.wait(for: never).state == .cancelled)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func drainedNodesGetNoJobs(backend: BackendUnderTest) async throws {
        try await Self.withSlurm(backend) { cluster in
            let slurm = try cluster.slurm
            let busy = try await slurm.submit(script: "sleep 1000", options: ["--nodelist=compute2"])
            try #require(try await eventually { try await slurm.state(of: busy) == .running })
            try await slurm.drain(cluster["compute1"], reason: "its disk's broken")
            try await slurm.drain(cluster["compute2"])
            #expect(
                try await slurm.nodeStates() == ["compute1": "drained", "compute2": "draining", "compute3": "idle"])
            let reason = try await cluster["login1"].run("sinfo --noheader --nodes=compute1 --format=%E")
            #expect(reason.standardOutput == "its disk's broken\n")
            let where3 = try await slurm.wait(for: slurm.submit(script: "true"))
            #expect(where3.nodes == ["compute3"])
            let waits = try await slurm.submit(script: "true", options: ["--nodelist=compute1"])
            // What runs on a drained node goes on.
            #expect(try await slurm.state(of: busy) == .running)
            try await slurm.resume(cluster["compute1"])
            #expect(try await slurm.wait(for: waits).nodes == ["compute1"])
            try await slurm.cancel(busy)
            #expect(try await slurm.wait(for: busy).state == .cancelled)
            try await slurm.resume(cluster["compute2"])
            #expect(try await cluster["login1"].run("srun --immediate=30 --nodes=3 true").exitCode == 0)
            let error = await #expect(throws: ClusterError.self) { try await slurm.drain(cluster["login1"]) }
            #expect(error?.code == .commandFailed && error?.message.contains("Invalid node name") == true)
        }
    }

    @Test(.requiresRoot, arguments: try await BackendUnderTest.usable())
    func limitsAreWhatJobsGet(backend: BackendUnderTest) async throws {
        let limits = NodeLimits(processors: 1, memory: 512 << 20)
        try await Self.withSlurm(backend, limits: limits) { cluster in
            let slurm = try cluster.slurm
            let told = try await cluster["login1"].run("sinfo --noheader --Node --format='%N %c %m'")
            #expect(told.lines == Self.computeNodes.map { "\($0) 1 512" })
            for option in ["--ntasks=4", "--mem=513", "--nodes=1 --cpus-per-task=2"] {
                await #expect(throws: ClusterError.self) {
                    try await slurm.submit(script: "true", options: option.split(separator: " ").map(String.init))
                }
            }
            // One processor each: of four jobs one waits for another's place.
            let first = try await slurm.submit(script: "sleep 1000", options: ["--array=1-4"])
            #expect(
                try await eventually {
                    try await slurm.tasks(of: first).map(\.state.rawValue).sorted() == [
                        "PENDING", "RUNNING", "RUNNING", "RUNNING",
                    ]
                })
            #expect(try await slurm.job(first).state != .completed)
            try await slurm.cancel(first)
            try await slurm.wait(for: first)
            let greedy = try await slurm.submit(
                script: "python3 -c 'import time; block = bytearray(200 << 20); time.sleep(1000)'",
                options: ["--mem=50"])
            let ended = try await slurm.wait(for: greedy)
            #expect(ended.state == .failed && ended.signal == 9, "\(ended)")
            #expect(try await slurm.output(of: greedy).contains("exceeded memory limit"))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func partitionsHaveNodesAndRulesOfTheirOwn(backend: BackendUnderTest) async throws {
        let slurm = Slurm.slurm(
            partitions: [
                SlurmPartition("normal"),
                SlurmPartition("debug", on: .node("compute3"), timeLimit: .seconds(120), settings: ["MaxNodes": "1"]),
            ], settings: ["KillWait": "2"])
        try await Self.withSlurm(backend, slurm, site: Site(submitsOnCompute: false)) { cluster in
            let login = cluster["login1"]
            let told = try await login.run("sinfo --noheader --format='%P %D %N %l'")
            #expect(told.lines == ["normal* 3 compute[1-3] infinite", "debug 1 compute3 2:00"])
            #expect(try await login.run("srun --partition=debug hostname").standardOutput == "compute3\n")
            let long = try await cluster.slurm.submit(script: "true", options: ["--partition=debug", "--time=3"])
            #expect(try await cluster.slurm.job(long).state == .pending)
            #expect(try await eventually { try await cluster.slurm.job(long).reason == "PartitionTimeLimit" })
            try await cluster.slurm.cancel(long)
            #expect(try await login.run("scontrol show config | grep ^KillWait").standardOutput.contains("= 2 sec"))
            let inner = try await cluster["compute1"].run("sbatch --wrap=true")
            #expect(inner.exitCode == 1 && inner.standardError.contains("denied"), "\(inner)")
            // Steps of a job begin there all the same.
            let steps = try await cluster.slurm.submit(script: "srun hostname", options: ["--nodes=2"])
            #expect(try await cluster.slurm.wait(for: steps).state == .completed)
        }
    }

    /// A second network for Slurm, compute nodes behind the login node, and firewalls that are shut but for Slurm.
    @Test(
        arguments: try await BackendUnderTest.usable(needing: [.ownMachines, .thisMachine]),
        [Site.supercomputer, .fortress])
    func itWorksOnRealSites(backend: BackendUnderTest, site: Site) async throws {
        try await Self.withSlurm(backend, site: site) { cluster in
            let told = try await cluster["login1"].run("scontrol show node compute2 | grep -o NodeAddr=.*")
            #expect(told.standardOutput.hasPrefix("NodeAddr=compute2-ib0 "))
            let ran = try await cluster["login1"].run("srun --nodes=3 hostname")
            #expect(ran.lines.sorted() == Self.computeNodes, "\(ran)")
            let allocated = try await cluster["login1"].run("salloc --nodes=2 srun --ntasks=2 echo it ran")
            #expect(allocated.lines == ["it ran", "it ran"], "\(allocated)")
            let steps = try await cluster.slurm.submit(script: "srun hostname", options: ["--nodes=2"])
            #expect(try await cluster.slurm.wait(for: steps).state == .completed)
            #expect(try await cluster.slurm.output(of: steps).split(separator: "\n").count == 2)
        }
    }
}

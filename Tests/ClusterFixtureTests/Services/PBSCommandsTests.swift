import ClusterEmulation
import FixtureTestSupport
import Testing

/// The commands of PBS over Slurm.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(10))) struct PBSCommandsTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func scriptsOfPBSAreJobsOfSlurms(backend: BackendUnderTest) async throws {
        try await withCluster(
            roles: [.login, .compute(2, limits: NodeLimits(processors: 1))],
            services: [.slurm(pbsCommands: true), .sharedFolder("/home")], backend: backend.choice
        ) { cluster in
            let (slurm, login) = (try cluster.slurm, cluster["login1"])
            let script = """
                #!/bin/bash
                #PBS -N pipeline
                #PBS -l nodes=2:ppn=1,walltime=00:05:00
                echo $PBS_JOBID $PBS_JOBNAME $PBS_O_WORKDIR
                sort -u $PBS_NODEFILE
                """
            func submit(_ words: String, _ script: String) async throws -> Int {
                let told = try await login.run("cat >job.pbs; qsub \(words) job.pbs", standardInput: script)
                return try #require(Int(try told.requireSuccess().lines.last ?? ""), "\(told)")
            }
            let job = try await slurm.wait(for: SlurmJob.ID(submit("-o job.out -e job.err", script)))
            #expect(job.state == .completed && job.name == "pipeline" && job.nodes == ["compute1", "compute2"])
            let written = try await login.run("cat job.out job.err").lines
            #expect(written == ["\(job.id) pipeline /home/ubuntu", "compute1", "compute2"])

            let long = try await submit("-o /dev/null -e /dev/null", "#!/bin/sh\nsleep 300\n")
            let held = try await submit("-h -o /dev/null -e /dev/null", "#!/bin/sh\nsleep 300\n")
            #expect(try await eventually { try await slurm.state(of: SlurmJob.ID(long)) == .running })
            let listed = try await login.run("qstat").requireSuccess().standardOutput
            let states = listed.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.count == 6 }
                .map { "\($0[0]) \($0[2]) \($0[4])" }
            #expect(states.contains("\(long) ubuntu R") && states.contains("\(held) ubuntu Q"), "\(listed)")
            try await login.run("qrls \(held)").requireSuccess()
            #expect(try await eventually { try await slurm.state(of: SlurmJob.ID(held)) == .running })
            try await login.run("qdel \(long) \(held)").requireSuccess()
            for id in [long, held] { #expect(try await slurm.wait(for: SlurmJob.ID(id)).state == .cancelled) }
            let nodes = try await login.run("pbsnodes").requireSuccess().lines
            #expect(nodes.filter { $0.hasPrefix("compute") } == ["compute1", "compute2"])
        }
    }
}

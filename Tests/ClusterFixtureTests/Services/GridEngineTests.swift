import ClusterEmulation
import FixtureTestSupport
import Testing

/// Grid Engine on a login node and compute nodes that share their homes.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(10))) struct GridEngineTests {
    /// Runs a closure with a cluster of one login node and two compute nodes of one processor each.
    private func withGridEngine(
        _ backend: BackendUnderTest, _ body: nonisolated(nonsending) (Cluster) async throws -> Void
    ) async throws {
        try await withCluster(
            roles: [.login, .compute(2, limits: NodeLimits(processors: 1))],
            services: [.gridEngine(), .sharedFolder("/home")], backend: backend.choice, body)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aJobEndsAsItsScriptDoes(backend: BackendUnderTest) async throws {
        try await withGridEngine(backend) { cluster in
            let (engine, login) = (try cluster.gridEngine, cluster["login1"])
            let script = "#!/bin/bash\necho \"$(hostname) has $1 of $JOB_ID\"\nexit $2\n"
            let options = ["-j", "y", "-o", "work.out", "-N", "work"]
            let good = try await engine.submit(script: script, arguments: ["a b", "0"], options: options)
            let done = try await engine.wait(for: good)
            #expect(done.state == .completed && done.exitCode == 0 && done.user == "ubuntu" && done.name == "work")
            let node = try #require(done.nodes.first)
            #expect(node.hasPrefix("compute"))
            #expect(try await login.run("cat work.out").standardOutput == "\(node) has a b of \(good)\n")

            let bad = try await engine.submit(script: script, arguments: ["-", "3"], options: options)
            #expect(try await engine.wait(for: bad).exitCode == 3)
            #expect(try await engine.state(of: bad) == .failed)
            let killed = try await engine.wait(for: engine.submit(script: "kill -9 $$"))
            #expect(killed.state == .failed && killed.exitCode == 137 && killed.name == "script")
            // A limit of time ends a job (h_rt, seconds).
            let over = try await engine.submit(script: "sleep 300", options: ["-l", "h_rt=1"])
            #expect(try await engine.wait(for: over).state == .failed)
            let refused = try await #require(throws: ClusterError.self) {
                try await engine.submit(script: "true", options: ["-q", "nowhere"])
            }
            #expect(refused.code == .commandFailed && refused.message.contains("nowhere"), "\(refused)")
            let missing = try await #require(throws: ClusterError.self) { try await engine.submit("missing.sh") }
            #expect(missing.code == .transferFailed && missing.message.contains("missing.sh"), "\(missing)")
            let unknown = try await #require(throws: ClusterError.self) { try await engine.state(of: "999") }
            #expect(unknown.code == .commandFailed)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func jobsWaitForSlotsAndCanBeCancelled(backend: BackendUnderTest) async throws {
        try await withGridEngine(backend) { cluster in
            let engine = try cluster.gridEngine
            // Two nodes of one slot each.
            var ids: [String] = []
            for _ in 0..<3 { ids.append(try await engine.submit(script: "sleep 4711\ntrue")) }
            #expect(
                try await eventually {
                    try await engine.queue().map(\.state).filter { $0 == .running }.count == 2
                })
            let queue = try await engine.queue()
            #expect(Set(queue.map(\.id)) == Set(ids))
            #expect(Set(queue.flatMap(\.nodes)) == ["compute1", "compute2"])
            #expect(try await engine.state(of: ids[2]) == .pending)
            let late = try await #require(throws: ClusterError.self) {
                try await engine.wait(for: ids[0], within: .milliseconds(300))
            }
            #expect(late.code == .timedOut && late.message.contains("running"), "\(late)")
            for id in ids { try await engine.cancel(id) }
            for id in ids { #expect(try await engine.wait(for: id).state == .cancelled) }
            #expect(try await engine.queue().isEmpty)
            for node in cluster.nodes {
                #expect(try await eventually { try await node.run("pgrep -fx 'sleep 4711'").exitCode == 1 }, "\(node)")
            }

            let held = try await engine.submit(script: "sleep 300", options: ["-h"])
            #expect(try await engine.state(of: held) == .held)
            try await engine.cancel(held)
            #expect(try await engine.wait(for: held).state == .cancelled)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aDrainedNodeTakesNoJobs(backend: BackendUnderTest) async throws {
        try await withGridEngine(backend) { cluster in
            let engine = try cluster.gridEngine
            let running = try await engine.submit(script: "sleep 3", options: ["-l", "hostname=compute1"])
            #expect(try await eventually { try await engine.state(of: running) == .running })
            try await engine.drain(cluster["compute1"])
            let array = try await engine.submit(script: "true", options: ["-t", "1-4", "-j", "y", "-o", "/dev/null"])
            #expect(try await engine.wait(for: array).nodes == ["compute2"])
            #expect(try await engine.wait(for: running).state == .completed, "what runs there goes on")
            try await engine.resume(cluster["compute1"])
            try await engine.drain(cluster["compute2"])
            let single = try await engine.submit(script: "true")
            #expect(try await engine.wait(for: single).nodes == ["compute1"])
        }
    }

    /// The parallel environment tells a job its nodes, and lets it start programs there without SSH.
    @Test(arguments: try await BackendUnderTest.usable())
    func aParallelJobHasSeveralNodes(backend: BackendUnderTest) async throws {
        try await withGridEngine(backend) { cluster in
            let (engine, login) = (try cluster.gridEngine, cluster["login1"])
            let script = """
                #!/bin/bash
                #$ -pe mpi 2
                #$ -j y
                #$ -o parallel.out
                echo $NSLOTS
                for host in $(cut -d ' ' -f 1 $PE_HOSTFILE | sort); do qrsh -inherit $host hostname; done

                """
            let job = try await engine.wait(for: engine.submit(script: script))
            #expect(job.state == .completed)
            #expect(try await login.run("cat parallel.out").lines == ["2", "compute1", "compute2"])
            let hosts = try await login.run("qhost | awk 'NR > 3 { print $1, $3 }'")
            #expect(hosts.lines.map { String($0.prefix { $0 != " " }) } == ["compute1", "compute2"])
        }
    }

    /// Compute nodes behind firewalls, with a network of the batch system's, that submit no jobs.
    @Test(arguments: try await BackendUnderTest.usable())
    func itGetsAlongWithAStrictSite(backend: BackendUnderTest) async throws {
        var configuration = ClusterConfiguration(
            roles: [.login, .compute(2)], services: [.gridEngine(), .sharedFolder("/home")], backend: backend.choice)
        configuration.site = .fortress
        try await withCluster(configuration) { cluster in
            let engine = try cluster.gridEngine
            let job = try await engine.wait(for: engine.submit(script: "hostname", options: ["-o", "out", "-j", "y"]))
            #expect(job.state == .completed)
            #expect(try await cluster["login1"].run("cat out").lines == job.nodes)
            #expect(job.nodes.first?.wholeMatch(of: /compute[12]/) != nil, "\(job)")
            let refused = try await cluster["compute1"].run("echo true | qsub")
            #expect(refused.exitCode != 0 && refused.standardError.contains("is not a submit host"), "\(refused)")
            try await engine.drain(cluster["compute1"])
            #expect(try await engine.wait(for: engine.submit(script: "true")).nodes == ["compute2"])
        }
    }
}

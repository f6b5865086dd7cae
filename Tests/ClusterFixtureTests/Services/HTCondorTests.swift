import ClusterEmulation
import FixtureTestSupport
import Testing

/// HTCondor on a login node and compute nodes, with homes that are shared, and without.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(10))) struct HTCondorTests {
    private static let roles: [NodeRole] = [
        .login, .compute(2, limits: NodeLimits(processors: 1, memory: 512 << 20)),
    ]

    private func withHTCondor(
        _ backend: BackendUnderTest, _ services: [any Service] = [.htCondor(), .sharedFolder("/home")],
        _ body: nonisolated(nonsending) (Cluster) async throws -> Void
    ) async throws {
        try await withCluster(roles: Self.roles, services: services, backend: backend.choice, body)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aJobEndsAsItsProgramDoes(backend: BackendUnderTest) async throws {
        try await withHTCondor(backend) { cluster in
            let (condor, login) = (try cluster.htCondor, cluster["login1"])
            try await login.write("#!/bin/sh\necho \"$(hostname) as $(id -un)\"\nexit $1\n", to: "work.sh")
            try await login.run("chmod +x work.sh").requireSuccess()
            let description = """
                executable = work.sh
                arguments = $(code)
                output = work.$(code).out
                request_memory = 64
                queue
                """
            let good = try await condor.wait(for: condor.submit(description: description, options: ["code=0"]))
            #expect(good.state == .completed && good.exitCode == 0 && good.user == "ubuntu")
            let node = try #require(good.nodes.first)
            #expect(node.hasPrefix("compute"))
            #expect(try await login.run("cat work.0.out").standardOutput == "\(node) as ubuntu\n")
            let bad = try await condor.wait(for: condor.submit(description: description, options: ["code=3"]))
            #expect(bad.state == .failed && bad.exitCode == 3)
            #expect(try await condor.state(of: bad.id) == .failed)
            let refused = try await #require(throws: ClusterError.self) {
                try await condor.submit(description: "executable = nowhere\nqueue")
            }
            #expect(refused.code == .commandFailed && refused.message.contains("nowhere"), "\(refused)")
            let missing = try await #require(throws: ClusterError.self) { try await condor.submit("missing.sub") }
            #expect(missing.code == .transferFailed && missing.message.contains("missing.sub"), "\(missing)")
            let unknown = try await #require(throws: ClusterError.self) { try await condor.state(of: "999") }
            #expect(unknown.code == .commandFailed)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func jobsWaitForAProcessorAndCanBeCancelled(backend: BackendUnderTest) async throws {
        try await withHTCondor(backend) { cluster in
            let condor = try cluster.htCondor
            // The shell has a child, which is to end with it.
            let description = """
                executable = /bin/sh
                arguments = "-c 'sleep 4711; true'"
                request_memory = 64
                queue $(count)
                """
            let id = try await condor.submit(description: description, options: ["count=3"])
            #expect(
                try await eventually {
                    try await condor.queue().map(\.state).filter { $0 == .running }.count == 2
                })
            let queue = try await condor.queue()
            #expect(queue.map(\.id).sorted() == ["\(id).0", "\(id).1", "\(id).2"])
            #expect(Set(queue.flatMap(\.nodes)) == ["compute1", "compute2"])
            #expect(queue.map(\.state).filter { $0 == .pending }.count == 1)
            #expect(try await condor.state(of: id) == .running)
            let late = try await #require(throws: ClusterError.self) {
                try await condor.wait(for: id, within: .milliseconds(300))
            }
            #expect(late.code == .timedOut && late.message.contains("running"), "\(late)")
            try await condor.cancel(id)
            #expect(try await condor.wait(for: id).state == .cancelled)
            #expect(try await condor.queue().isEmpty)
            for node in cluster.nodes {
                #expect(try await eventually { try await node.run("pgrep -fx 'sleep 4711'").exitCode == 1 }, "\(node)")
            }
            let held = try await condor.submit(
                description: description, options: ["count=1", "-append", "hold = true"])
            #expect(try await condor.state(of: held) == .held)
            try await condor.cancel(held)
            #expect(try await condor.wait(for: held).state == .cancelled)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aDrainedNodeTakesNoJobs(backend: BackendUnderTest) async throws {
        try await withHTCondor(backend) { cluster in
            let condor = try cluster.htCondor
            let short = "executable = /bin/true\nrequest_memory = 64\nqueue $(count)\n"
            let long = """
                executable = /bin/sleep
                arguments = 3
                request_memory = 64
                requirements = Machine == "\(cluster["compute1"].fqdn)"
                queue
                """
            let running = try await condor.submit(description: long)
            #expect(try await eventually { try await condor.state(of: running) == .running })
            try await condor.drain(cluster["compute1"])
            let several = try await condor.submit(description: short, options: ["count=4"])
            #expect(try await condor.wait(for: several).nodes == ["compute2"])
            #expect(try await condor.wait(for: running).state == .completed, "what runs there goes on")
            try await condor.resume(cluster["compute1"])
            try await condor.drain(cluster["compute2"])
            let single = try await condor.submit(description: short, options: ["count=1"])
            #expect(try await condor.wait(for: single).nodes == ["compute1"])
        }
    }

    /// Without a shared folder HTCondor takes the job's files to its node, and what it writes back.
    @Test(arguments: try await BackendUnderTest.usable())
    func filesAreTakenToAJobAndBack(backend: BackendUnderTest) async throws {
        try await withHTCondor(backend, [.htCondor()]) { cluster in
            let (condor, login) = (try cluster.htCondor, cluster["login1"])
            try await login.write("one\ntwo\n", to: "words")
            let description = """
                executable = /usr/bin/sort
                arguments = --reverse --output=sorted words
                transfer_executable = false
                transfer_input_files = words
                request_memory = 64
                queue
                """
            #expect(try await condor.wait(for: condor.submit(description: description)).state == .completed)
            #expect(try await login.run("cat sorted").standardOutput == "two\none\n")
        }
    }

    /// A machine that has not the cluster's key is not a part of it, whoever is root there.
    @Test(arguments: try await BackendUnderTest.usable())
    func onlyTheClustersOwnNodesJoin(backend: BackendUnderTest) async throws {
        try await withHTCondor(backend) { cluster in
            let slots = "condor_status -af Machine | sort -u"
            #expect(try await cluster["login1"].run(slots).lines == ["compute1", "compute2"].map { cluster[$0].fqdn })
            let advertise = """
                set -e
                printf 'MyType = "Machine"\\nName = "slot1@%s"\\nMachine = "%s"\\n' stranger stranger >/tmp/ad
                condor_advertise UPDATE_STARTD_AD /tmp/ad
                """
            #expect(try await cluster["compute1"].run(advertise).exitCode != 0, "ubuntu has no key")
            try await cluster["compute2"].run("echo other >/etc/condor/passwords.d/POOL", as: .root).requireSuccess()
            #expect(try await cluster["compute2"].run(advertise, as: .root).exitCode != 0, "nor root with another key")
            #expect(try await cluster["compute1"].run(advertise, as: .root).exitCode == 0)
        }
    }

    /// Compute nodes behind firewalls, with a network of the batch system's.
    @Test(arguments: try await BackendUnderTest.usable())
    func itGetsAlongWithAStrictSite(backend: BackendUnderTest) async throws {
        var configuration = ClusterConfiguration(
            roles: [.login, .compute(2)], services: [.htCondor(), .sharedFolder("/home")], backend: backend.choice)
        configuration.site = .fortress
        try await withCluster(configuration) { cluster in
            let condor = try cluster.htCondor
            let description = "executable = /bin/hostname\noutput = out\nrequest_memory = 64\nqueue"
            let job = try await condor.wait(for: condor.submit(description: description))
            #expect(job.state == .completed)
            #expect(try await cluster["login1"].run("cat out").lines == job.nodes)
            let refused = try await cluster["compute1"].run("condor_submit -", standardInput: description)
            #expect(refused.exitCode != 0, "there is no queue")
        }
    }
}

extension Node {
    fileprivate func write(_ text: String, to path: String) async throws {
        try await run(["tee", path], standardInput: text).requireSuccess()
    }
}

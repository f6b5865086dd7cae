import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What a node may use and may do, where it is not what it is by default.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct NodeOptionsTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func sudoCapabilitiesAndSharedMemoryAreAsAskedFor(backend: BackendUnderTest) async throws {
        let configuration = ClusterConfiguration(
            backend: backend.choice, limits: NodeLimits(sharedMemory: 96 << 20), sudo: true,
            capabilities: ["CAP_SYS_PTRACE", "net_admin"])
        try await withCluster(configuration) { cluster in
            let node = cluster[0]
            let risen = try await node.run("sudo -n id -un")
            #expect(risen.standardOutput == "root\n")
            #expect(risen.standardError.isEmpty, "\(risen.standardError)")
            let line = "df --block-size=1 --output=size /dev/shm | tail -n 1"
            #expect(try await node.run(line).standardOutput.filter(\.isNumber) == "\(96 << 20)")
            let status = try await node.run("sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status", as: .root)
            let effective = try #require(UInt64(status.standardOutput.filter(\.isHexDigit), radix: 16))
            // NET_ADMIN and SYS_PTRACE, by their numbers in capabilities(7)'s header.
            for number in [12, 19] { #expect(effective & 1 << number != 0, "\(status.standardOutput)") }
        }
    }

    /// What sizes itself by the machine that it is on (a JVM, Dask, slurmd) asks for its control group, and for the processors.
    @Test(.requiresRoot, arguments: try await BackendUnderTest.usable())
    func aLimitIsSeenByWhateverAsks(backend: BackendUnderTest) async throws {
        let configuration = ClusterConfiguration(
            nodes: 2, backend: backend.choice, limits: NodeLimits(processors: 1, memory: 256 << 20))
        try await withCluster(configuration) { cluster in
            for node in cluster.nodes {
                #expect(try await node.run("nproc").standardOutput == "1\n")
                let line = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null"
                #expect(try await node.run(line).standardOutput == "\(256 << 20)\n")
                // Its own group is the root of what it sees.
                let groups = try await node.run("cut -d: -f3 /proc/self/cgroup | sort -u")
                #expect(backend.isAnEngine || groups.standardOutput == "/\n", "\(groups)")
                _ = try await node.run(
                    "for f in /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max; do echo 1G >$f; done",
                    as: .root)
                #expect(try await node.run(line).standardOutput.hasPrefix("\(256 << 20)\n"))
            }
            // Files and memory together: a file that does not fit has no room, and the node lives on.
            let filled = try await cluster[0].run(
                "head -c 400M /dev/zero >much; rm much; head -c 100M /dev/zero | tail -c 1 | wc -c")
            #expect(filled.standardOutput == "1\n", "\(filled)")
        }
    }

    /// With Docker it is the engine's storage that has a limit or not.
    @Test(arguments: try await BackendUnderTest.usable())
    func aNodesDiskHasItsLimitOrIsRefused(backend: BackendUnderTest) async throws {
        let configuration = ClusterConfiguration(backend: backend.choice, limits: NodeLimits(disk: 256 << 20))
        do {
            try await withCluster(configuration) { cluster in
                let tooMuch = try await cluster[0].run("head -c 300M /dev/zero >much; stat --format=%s much")
                #expect(tooMuch.standardError.contains("No space left"), "\(tooMuch)")
                #expect(try #require(Int(tooMuch.standardOutput.filter(\.isNumber))) <= 256 << 20)
                // An ordinary user can have that too, who may make no control group.
                let groups = FileManager.default.enumerator(atPath: "/sys/fs/cgroup")?.compactMap { $0 as? String }
                    .filter {
                        $0.contains("cluster-fixture-\(cluster.id)")
                    }
                #expect(backend.isAnEngine || groups?.isEmpty == true, "\(groups ?? [])")
            }
        } catch let error as ClusterError {
            #expect(backend.isAnEngine, "\(error)")
            #expect(error.code == .provisioningFailed)
            #expect(error.remedy.contains("pquota"), "\(error)")
        }
    }

    /// Soft and hard: open files, stack and locked memory in KiB, core in KiB.
    private static let ulimits = "for limit in n s l c; do echo $limit $(ulimit -S$limit) $(ulimit -H$limit); done"

    @Test(arguments: try await BackendUnderTest.usable())
    func limitsOfProcessesAreAsAskedForAndCanNotBeRaised(backend: BackendUnderTest) async throws {
        let limits = NodeLimits(
            openFiles: 2000, processes: 1000, stack: 4 << 20, lockedMemory: 64 << 10, coreFile: 1 << 20)
        let asked = ["n 2000 2000", "s 4096 4096", "l 64 64", "c 1024 1024"]
        try await withCluster(ClusterConfiguration(backend: backend.choice, limits: limits)) { cluster in
            for user in User.allCases {
                #expect(try await cluster[0].run(Self.ulimits, as: user).lines == asked)
                #expect(try await cluster[0].run("ulimit -Su; ulimit -Hu", as: user).lines == ["1000", "1000"])
            }
            let executed = try await cluster.handle.execute(["bash", "-c", Self.ulimits], on: "node1")
            #expect(executed.lines == asked)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func limitsOfProcessesAreNotThoseOfTheCaller(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let script = "ulimit -S -n 700 -s 4096 -c 4 -t 5000 -f 9000000; exec \"$@\""
            let asked = Self.ulimits + "; ulimit -St; ulimit -Sf"
            let words = ["-c", script, "bash", CommandLine.path, "run", "--", "ssh", "node1", asked]
            let run = try await Command("bash", words, environment: command.environment).output(limit: .seconds(120))
            let soft = run.lines.prefix(4).map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
            #expect(soft.filter { !$0.hasPrefix("l") } == ["n 1024", "s 8192", "c 0"], "\(run)")
            let locked = try #require(run.lines.first { $0.hasPrefix("l ") }?.split(separator: " "))
            #expect(locked[1] == "8192" || locked[1] == locked[2])
            #expect(run.lines.suffix(2) == ["unlimited", "unlimited"], "\(run)")
            // What nobody has the right to raise is said before anything starts, or by the engine.
            let most = try await command.run("up", "--ulimit", "nofile=2000000000")
            #expect(most.exitCode != 0)
            #expect(most.standardError.contains("open files") || most.standardError.contains("ulimit"), "\(most)")
            #expect(try await command.left() == [])
        }
    }

    #if os(Linux)
    private static let (kibi, mebi, gibi) = (1 << 10, 1 << 20, 1 << 30)

    @Test func filesGetHalfOfThisMachinesMemoryAndEightGibibytesAtMost() throws {
        #expect(try NodeSpace(.none, machine: 64 << 30).files == 8 * Self.gibi)
        #expect(try NodeSpace(.none, machine: 4 << 30).files == 2 * Self.gibi)
        #expect(try NodeSpace(.none, machine: 4 << 30).sharedMemory == 64 * Self.mebi)
        #expect(try NodeSpace(NodeLimits(disk: 100 * Self.gibi), machine: 4 << 30).files == 100 * Self.gibi)
    }

    @Test(arguments: [6 << 20, 64 << 20, 256 << 20, 4 << 30])
    func filesAndSharedMemoryStayBelowAMemoryLimit(memory: Int) throws {
        let space = try NodeSpace(NodeLimits(memory: memory), machine: 64 << 30)
        #expect(space.files + space.sharedMemory <= memory / 4 * 3 + Self.mebi * 64)
        #expect(space.files + space.sharedMemory < memory)
        #expect(space.files > memory / 4)
    }

    @Test(arguments: [
        NodeLimits(memory: 64 << 20, disk: 64 << 20), NodeLimits(memory: 64 << 20, disk: 1 << 30),
        NodeLimits(memory: 64 << 20, sharedMemory: 64 << 20),
        NodeLimits(memory: 64 << 20, disk: 40 << 20, sharedMemory: 24 << 20),
    ])
    func whatDoesNotFitIntoAMemoryLimitIsRefusedBeforeAnythingStarts(limits: NodeLimits) async throws {
        let error = try #require(throws: ClusterError.self) {
            try NamespacesBackend().check(ClusterPlan(ClusterConfiguration(limits: limits)))
        }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("in memory"))
    }
    #endif
}

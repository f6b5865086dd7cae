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
                #expect(backend == .docker || groups.standardOutput == "/\n", "\(groups)")
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
                #expect(backend == .docker || groups?.isEmpty == true, "\(groups ?? [])")
            }
        } catch let error as ClusterError {
            #expect(backend == .docker, "\(error)")
            #expect(error.code == .provisioningFailed)
            #expect(error.remedy.contains("pquota"), "\(error)")
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
            try NamespacesBackend().check(ClusterConfiguration(limits: limits))
        }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("in memory"))
    }
    #endif
}

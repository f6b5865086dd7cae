import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite struct DockerArgumentsTests {
    private func run(_ configuration: ClusterConfiguration) throws -> [String] {
        let plan = try ClusterPlan(configuration)
        var taken: Set<Int> = []
        return DockerArguments.run(
            plan, node: plan.nodes[0], image: "cluster-fixture/node:1", address: "198.18.3.2",
            ports: try PublishedPorts(of: plan.nodes[0], besides: &taken), on: .here(files: "/tmp/x"))
    }

    private func values(of option: String, in words: [String]) -> [String] {
        zip(words, words.dropFirst()).filter { $0.0 == option }.map(\.1)
    }

    @Test func aNodeIsPublishedOnLoopbackOnly() throws {
        let words = try run(
            ClusterConfiguration(nodes: 1, ports: [8787, PublishedPort(8888, on: 9999), PublishedPort(53, .udp)]))
        let published = values(of: "--publish", in: words).map { $0.split(separator: ":").map(String.init) }
        #expect(published.map(\.last) == ["22/tcp", "8787/tcp", "8888/tcp", "53/udp"])
        #expect(published.allSatisfy { $0.count == 3 && $0[0] == "127.0.0.1" })
        // Each is fixed, so that it is the same after a restart.
        #expect(published[2][1] == "9999")
        #expect(Set(published.compactMap { Int($0[1]) }).count == 4)
    }

    @Test func limitsAndMountsAreHandedOn() throws {
        let words = try run(
            ClusterConfiguration(
                limits: NodeLimits(processors: 1.5, memory: 64 << 20),
                mounts: [Mount("/tmp", at: "/data", isReadOnly: true)]))
        #expect(values(of: "--cpus", in: words) == ["1.5"])
        #expect(values(of: "--memory", in: words) == ["67108864b"])
        #expect(values(of: "--mount", in: words).contains("type=bind,source=/tmp,target=/data,readonly"))
    }

    @Test func capabilitiesAreAddedOnceEach() throws {
        #expect(try values(of: "--cap-add", in: run(ClusterConfiguration())) == ["NET_ADMIN"])
        let words = try run(ClusterConfiguration(capabilities: ["cap_sys_ptrace", "NET_ADMIN", "SYS_PTRACE"]))
        #expect(values(of: "--cap-add", in: words) == ["NET_ADMIN", "SYS_PTRACE"])
    }

    @Test func diskAndSharedMemoryAreTheEnginesOwnUnlessTheyAreSaid() throws {
        let plain = try run(ClusterConfiguration())
        #expect(!plain.contains("--storage-opt") && !plain.contains("--shm-size"))
        let words = try run(ClusterConfiguration(limits: NodeLimits(disk: 1 << 30, sharedMemory: 96 << 20)))
        #expect(values(of: "--storage-opt", in: words) == ["size=1073741824"])
        #expect(values(of: "--shm-size", in: words) == ["100663296b"])
    }

    @Test func addressesOfIPv6AreThoseOfTheClustersId() throws {
        let plan = try ClusterPlan(ClusterConfiguration(nodes: 2, ipv6: true))
        let subnet = try #require(plan.subnet6)
        let words = DockerArguments.createNetwork(plan, .random(nodes: 2))
        #expect(words.contains("--ipv6"))
        #expect(values(of: "--subnet", in: words).last == "\(subnet)")
        let plain = try DockerArguments.createNetwork(ClusterPlan(ClusterConfiguration()), .random(nodes: 1))
        #expect(!plain.contains("--ipv6"))
        #expect(values(of: "--subnet", in: plain).count == 1)
    }

    @Test func limitsOfProcessesAreHandedOnIfTheyAreAskedFor() throws {
        #expect(try values(of: "--ulimit", in: run(ClusterConfiguration())) == [])
        let words = try run(ClusterConfiguration(limits: NodeLimits(openFiles: 4096, coreFile: 0)))
        #expect(values(of: "--ulimit", in: words) == ["nofile=4096", "core=0"])
    }

    @Test func aNodesLogGrowsToALimit() throws {
        let words = try run(ClusterConfiguration())
        #expect(values(of: "--log-opt", in: words) == ["max-size=4m"])
    }

    @Test func noSecretIsOnTheCommandLine() throws {
        let words = try run(ClusterConfiguration(environment: ["TOKEN": "hunter2"]))
        #expect(!words.contains { $0.contains("hunter2") || $0.contains("TOKEN") })
    }

    @Test func everythingBearsTheClustersLabel() throws {
        let plan = try ClusterPlan(ClusterConfiguration())
        var taken: Set<Int> = []
        let ports = try PublishedPorts(of: plan.nodes[0], besides: &taken)
        let label = "\(DockerLabel.cluster)=\(plan.id)"
        let user = "\(DockerLabel.user)=\(geteuid())"
        for words in [
            DockerArguments.createNetwork(plan, .random(nodes: 1)),
            DockerArguments.run(
                plan, node: plan.nodes[0], image: "i", address: "a", ports: ports, on: .here(files: "f")),
        ] {
            #expect(words.contains(label))
            #expect(words.contains(user))
        }
    }

    @Test func theImageIsTheLastWordBeforeTheEntryPointsOwn() throws {
        #expect(try run(ClusterConfiguration()).suffix(2) == ["cluster-fixture/node:1", "--configure"])
    }

    @Test func aPortThatSomebodyElseWasQuickerToTakeIsAnotherOneUnlessItIsSaid() throws {
        let plan = try ClusterPlan(ClusterConfiguration(nodes: 1, ports: [PublishedPort(8888, on: 9999)]))
        var taken: Set<Int> = []
        let ports = try PublishedPorts(of: plan.nodes[0], besides: &taken)
        #expect(taken == [ports.ssh, 9999])
        let words = [
            "Bind for 127.0.0.1:PORT failed: port is already allocated",
            "listen tcp4 127.0.0.1:PORT: bind: address already in use",
            "failed to bind host port 127.0.0.1:PORT/tcp: address already in use",
            "failed to bind host port for 127.0.0.1:PORT:198.18.0.11:9999/tcp: address already in use",
        ]
        for word in words {
            #expect(ports.mayDiffer(after: word.replacing("PORT", with: "\(ports.ssh)")))
            #expect(!ports.mayDiffer(after: word.replacing("PORT", with: "9999")))
        }
        #expect(!ports.mayDiffer(after: "no such image: \(ports.ssh)"))
        let others = try PublishedPorts(of: plan.nodes[0], besides: &taken)
        #expect(others.ssh != ports.ssh)
    }
}

import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite struct DockerArgumentsTests {
    private func run(_ configuration: ClusterConfiguration) throws -> [String] {
        let plan = try ClusterPlan(configuration)
        return DockerArguments.run(
            plan, node: plan.nodes[0], image: "cluster-fixture/node:1", address: "198.18.3.2", files: "/tmp/x")
    }

    private func values(of option: String, in words: [String]) -> [String] {
        zip(words, words.dropFirst()).filter { $0.0 == option }.map(\.1)
    }

    @Test func aNodeIsPublishedOnLoopbackOnly() throws {
        let words = try run(
            ClusterConfiguration(nodes: 1, ports: [8787, PublishedPort(8888, on: 9999), PublishedPort(53, .udp)]))
        #expect(
            values(of: "--publish", in: words) == [
                "127.0.0.1::22", "127.0.0.1::8787/tcp", "127.0.0.1:9999:8888/tcp", "127.0.0.1::53/udp",
            ])
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
        let label = "\(DockerLabel.cluster)=\(plan.id)"
        let user = "\(DockerLabel.user)=\(geteuid())"
        for words in [
            DockerArguments.createNetwork(plan, .random(nodes: 1)),
            DockerArguments.run(plan, node: plan.nodes[0], image: "i", address: "a", files: "f"),
        ] {
            #expect(words.contains(label))
            #expect(words.contains(user))
        }
    }

    @Test func theImageIsTheLastWordBeforeTheEntryPointsOwn() throws {
        #expect(try run(ClusterConfiguration()).suffix(2) == ["cluster-fixture/node:1", "--configure"])
    }

    @Test func publishedPortsAreReadFromInspect() throws {
        let ports = try PublishedPorts(
            json: #"{"22/tcp":[{"HostIp":"127.0.0.1","HostPort":"32768"}],"8787/tcp":null,"8888/tcp":[],"#
                + #""53/udp":[{"HostIp":"127.0.0.1","HostPort":"32768"}]}"#)
        #expect(Set(ports.publications) == [.init(22, at: 32768), .init(53, at: 32768, .udp)])
    }
}

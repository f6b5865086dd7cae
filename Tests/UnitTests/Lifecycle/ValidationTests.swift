import ClusterEmulation
import FixtureTestSupport
import Testing

/// Bad input is refused with one clear sentence, before anything is started.
@Suite struct ValidationTests {
    static let bad: [(ClusterConfiguration, String)] = [
        (.init(nodes: 0), "1 to 1000 nodes, not 0"),
        (.init(nodes: -1), "1 to 1000 nodes, not -1"),
        (.init(nodes: 100_000), "1 to 1000 nodes, not 100000"),
        (.init(name: ""), "The cluster name"),
        (.init(name: "two words"), "two words"),
        (.init(name: "-rf"), "-rf"),
        (.init(name: "$(id)"), "$(id)"),
        (.init(name: "a\"b'c"), "The cluster name"),
        (.init(name: "a\nb"), #"a\nb"#),
        (.init(name: String(repeating: "a", count: 33)), "1 to 32"),
        (.init(readyWithin: .zero), "time limit"),
        (.init(limits: .init(processors: 0)), "0.0 processors"),
        (.init(limits: .init(processors: .nan)), "nan processors"),
        (.init(limits: .init(memory: 1000)), "1000 bytes"),
        (.init(limits: .init(disk: 4096)), "4096 bytes of disk"),
        (.init(limits: .init(sharedMemory: -1)), "-1 bytes of shared memory"),
        (.init(capabilities: ["SYS_PTRACE", "SYS_EVERYTHING"]), "SYS_EVERYTHING"),
        (.init(capabilities: ["CAP_"]), "CAP_"),
        (.init(image: .node(basedOn: "")), "base image"),
        (.init(image: .node(basedOn: "debian:trixie\n")), #"debian:trixie\n"#),
        (.init(environment: ["A B": "x"]), "A B"),
        (.init(environment: ["A": "x\ny"]), "line break"),
        (.init(ports: [0]), "ports are"),
        (.init(ports: [70000]), "70000"),
        (.init(ports: [22]), "always published"),
        (.init(ports: [80, 80]), "twice"),
        (.init(ports: [PublishedPort(53, .udp), PublishedPort(53, .udp)]), "twice"),
        (.init(ports: [PublishedPort(80, on: 8080), PublishedPort(81, on: 8080)]), "can't lead to two"),
        (.init(nodes: 2, ports: [PublishedPort(53, on: 5353, .udp)]), "5353"),
        (.init(ports: (1000..<1064).map { PublishedPort($0) }), "63 ports besides 22, not 64"),
        (.init(nodes: 2, ports: [PublishedPort(80, on: 8080)]), "8080"),
        (.init(mounts: [Mount("relative", at: "/x")]), "relative"),
        (.init(mounts: [Mount("/tmp", at: "/x,readonly")]), "/x,readonly"),
        (.init(mounts: [Mount("/no/such/folder", at: "/x")]), "/no/such/folder"),
    ]

    @Test(arguments: bad) func badInputIsRefused(configuration: ClusterConfiguration, part: String) async throws {
        let backend = FakeBackend(.give([]))
        var configuration = configuration
        configuration.backend = backend.choice
        let error = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains(part), "\(error.message)")
        #expect(!error.message.contains("\n"))
        #expect(backend.seen.provisions == 0)
    }

    @Test func goodInputIsAccepted() throws {
        try ClusterConfiguration(
            nodes: 1000, name: "lab-2", limits: .init(processors: 0.5, memory: 6 << 20),
            environment: ["A": "x y \"'$("],
            ports: [80, 8787, PublishedPort(80, .udp), PublishedPort(22, .udp)],
            mounts: [Mount("/tmp", at: "/with space")]
        ).validate()
    }
}

import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Partitions, seen by real traffic in every direction.
@Suite(.requiresBackend, ConformanceClusters(), .timeLimit(.minutes(10)), .serialized)
struct PartitionTests {
    private static let all: [String: Set<String>] = [
        "node1": ["node2", "node3"], "node2": ["node1", "node3"], "node3": ["node1", "node2"],
    ]

    /// The test process gets to every node, by its published port and by its address.
    private func expectReached(_ cluster: Cluster) async throws {
        for node in cluster.nodes {
            #expect(try await node.run("hostname").standardOutput == node.name + "\n")
            guard cluster.hostIP != nil else { continue }
            let words = [
                "-F", cluster.sshConfigurationFile, "-o", "HostName=\(node.ip)", "-o", "Port=22", "-o",
                "ConnectTimeout=5",
                "root@\(node.name)", "hostname",
            ]
            let told = try await Command("ssh", words).output(limit: .seconds(20))
            #expect(told.standardOutput == node.name + "\n", "\(told.complaint)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func nothingPassesBetweenGroupsAndConnectionsOutliveIt(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let traffic = try await Traffic(on: cluster)
        #expect(try await traffic.heard() == Self.all)
        try await traffic.talk(from: cluster[1], to: cluster[0])
        try await cluster.partition([["node1"], ["node2", "node3"]])
        #expect("\(try cluster.networkConditions)" == "node1 ↔ node2, node3: nothing passes")
        let answers = try await traffic.answers(on: cluster[1])
        #expect(try await traffic.heard() == ["node1": [], "node2": ["node3"], "node3": ["node2"]])
        #expect(try await traffic.answers(on: cluster[1]) == answers)
        try await expectReached(cluster)
        // Nobody is found who is not known either.
        try await cluster[1].run("ip neighbour flush all", as: .root).requireSuccess()
        #expect(try await traffic.ping(cluster[1], cluster[0].ip).exitCode != 0)
        try await cluster.heal()
        #expect(try cluster.networkConditions.isHealthy)
        #expect(try await eventually { try await traffic.answers(on: cluster[1]) > answers })
        #expect(try await traffic.heard() == Self.all)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aDirectionCanBeCutByItself(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let traffic = try await Traffic(on: cluster)
        #expect(try await traffic.heard() == Self.all)
        try await cluster.with(.oneWay(from: ["node1"], to: ["node2"])) {
            let heard = try await traffic.heard()
            #expect(heard == Self.all.merging(["node2": ["node3"]]) { $1 })
        }
        #expect(try await traffic.heard() == Self.all)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func jepsensPartitionsAreThere(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let (traffic, names) = (try await Traffic(on: cluster), cluster.nodes.map(\.name))
        try await cluster.setNetworkConditions(.bridge(names))
        #expect(try await traffic.heard() == ["node1": ["node2"], "node2": ["node1", "node3"], "node3": ["node2"]])
        try await cluster.setNetworkConditions(.healthy)
        #expect(try await traffic.heard() == Self.all)
        // Each hears one that does not hear it: whom it has forgotten, it could not find again.
        try await traffic.remember(true)
        try await cluster.setNetworkConditions(.majoritiesRing(names))
        let ring = try await traffic.heard()
        try await traffic.remember(false)
        #expect(ring.values.allSatisfy { $0.count == 1 } && Set(ring.map { $1.union([$0]) }).count == 3)
        try await cluster.heal()
        try await cluster.heal()
        #expect(try await traffic.heard() == Self.all)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func scopedPartitionsHealHoweverTheyEnd(backend: BackendUnderTest) async throws {
        struct Failure: Error {}
        let cluster = try backend.cluster
        let traffic = try await Traffic(on: cluster)
        await #expect(throws: Failure.self) {
            try await cluster.partitioned([["node1"]]) {
                #expect(try await traffic.heard()["node1"] == [])
                throw Failure()
            }
        }
        #expect(try await traffic.heard() == Self.all)
        let (begun, continuation) = AsyncStream<Void>.makeStream()
        let task = Task {
            try await cluster[2].isolated {
                continuation.finish()
                try await Task.sleep(for: .seconds(3600))
            }
        }
        for await _ in begun {}
        #expect(try await traffic.heard()["node3"] == [])
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try cluster.networkConditions.isHealthy)
        #expect(try await traffic.heard() == Self.all)
    }

    /// Each ends by itself.
    @Test(arguments: try await BackendUnderTest.usable())
    func faultsStandBesideEachOther(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let traffic = try await Traffic(on: cluster)
        try await cluster[0].isolated {
            try await cluster.partitioned([["node2"]]) {
                let heard = try await traffic.heard()
                #expect(heard == ["node1": [], "node2": [], "node3": []])
            }
            #expect(try await traffic.heard() == ["node1": [], "node2": ["node3"], "node3": ["node2"]])
        }
        #expect(try await traffic.heard() == Self.all)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func whatCantBeIsRefusedAndChangesNothing(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let unknown = await #expect(throws: ClusterError.self) { try await cluster.partition([["node1"], ["node22"]]) }
        #expect(unknown?.description.contains("Did you mean node2?") == true)
        let impossible = await #expect(throws: ClusterError.self) { try await cluster[0].degrade(loss: 2) }
        #expect(impossible?.code == .invalidConfiguration)
        #expect(try cluster.networkConditions.isHealthy)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.ownMachines, .thisMachine]))
    func aSitesRulesStayInForce(backend: BackendUnderTest) async throws {
        let configuration = ClusterConfiguration(
            roles: [.login, .compute(2)], site: .fortress, backend: backend.choice)
        try await withCluster(configuration) { cluster in
            let (login, compute) = (cluster["login1"], cluster["compute1"])
            for node in cluster.nodes {
                let line =
                    "setsid python3 -m http.server 7001 >/dev/null 2>&1 & until ss -ltn | grep -q :7001; do sleep 0.01; done"
                try await node.run(line).requireSuccess()
            }
            func canConnect(_ node: Node, _ target: String, _ port: Int, within limit: Int = 2) async throws -> Bool {
                try await node.run("timeout \(limit) bash -c 'exec 3<>/dev/tcp/\(target)/\(port)'").exitCode == 0
            }
            func expectFortress() async throws {
                #expect(try await !canConnect(compute, "compute2", 7001))
                #expect(try await canConnect(compute, "compute2", 22, within: 20))
            }
            try await expectFortress()
            // In the second network as well.
            try await cluster.partitioned([["compute1"], ["compute2"]]) {
                for (node, target) in [(compute, "compute2"), (compute, "compute2-ib0"), (login, "compute2")] {
                    let isReached = try await canConnect(node, target, 22)
                    #expect(!isReached, "\(node) reaches \(target)")
                }
            }
            try await expectFortress()
            #expect(try await canConnect(compute, "compute2-ib0", 22, within: 20))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aStoppedClusterHasNoNetwork(backend: BackendUnderTest) async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(nodes: 2, backend: backend.choice))
        try await cluster[0].isolate()
        try await cluster.stop()
        let error = await #expect(throws: ClusterError.self) { try await cluster.partition([["node1"]]) }
        #expect(error?.code == .clusterLost)
        await #expect(throws: ClusterError.self) { try await cluster.heal() }
    }
}

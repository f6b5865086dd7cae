import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What slow, lossy and narrow links do to real traffic.
@Suite(.requiresBackend, ConformanceClusters(), .timeLimit(.minutes(10)), .serialized)
struct LinkTests {
    /// The milliseconds of a round trip, as `ping` says them; nil without an answer.
    private func roundTrip(_ traffic: Traffic, _ node: Node, _ address: String) async throws -> Double? {
        let told = try await traffic.ping(node, address)
        let line = told.lines.first { $0.contains("time=") }
        return line.flatMap { $0.split(separator: "time=").last?.split(separator: " ").first }.flatMap { Double($0) }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func latencyIsThereBothWaysAndGoes(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let traffic = try await Traffic(on: cluster)
        try await cluster[0].degraded(latency: .milliseconds(150), jitter: .milliseconds(10)) {
            for (node, other) in [(cluster[0], cluster[1]), (cluster[2], cluster[0])] {
                let time = try #require(try await roundTrip(traffic, node, other.ip))
                #expect(time >= 280)
            }
        }
        // One direction has it once.
        var conditions = NetworkConditions()
        conditions[from: .node("node1"), to: .node("node2")] = .init(latency: .milliseconds(150))
        try await cluster.with(conditions) {
            let time = try #require(try await roundTrip(traffic, cluster[1], cluster[0].ip))
            #expect(time >= 150)
        }
        #expect(try await roundTrip(traffic, cluster[0], cluster[1].ip) != nil)
        #expect(try cluster.networkConditions.isHealthy)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func theSameSeedLosesTheSame(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let (traffic, count) = (try await Traffic(on: cluster), 2000)
        // Whoever is not known yet is found before it counts.
        #expect(try await traffic.numbers(1, from: cluster[0], to: cluster[1]) == [0])
        var patterns: [[Int]] = []
        for seed: UInt64 in [7, 7, 8] {
            try await cluster[0].degraded(loss: 0.1, seed: seed) {
                patterns.append(try await traffic.numbers(count, from: cluster[0], to: cluster[1]))
            }
        }
        #expect(patterns[0] == patterns[1] && patterns[0] != patterns[2])
        // Three standard deviations are 40.
        for pattern in patterns { #expect((1740...1860).contains(pattern.count), "\(pattern.count)") }
        #expect(try await traffic.numbers(count, from: cluster[0], to: cluster[1]).count == count)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func framesAreDoubledDamagedAndOvertaken(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let (traffic, numbers) = (try await Traffic(on: cluster), Array(0..<200))
        try await cluster[0].degraded(duplication: 1) {
            let seen = try await traffic.numbers(200, from: cluster[0], to: cluster[1])
            #expect(seen.sorted() == numbers.flatMap { [$0, $0] })
        }
        // The receiver's checksum tells.
        try await cluster[0].degraded(corruption: 1) {
            let seen = try await traffic.numbers(200, from: cluster[0], to: cluster[1])
            #expect(seen == [])
        }
        #expect(try await traffic.numbers(200, from: cluster[0], to: cluster[1]) == numbers)
        try await cluster[0].degraded(latency: .milliseconds(100), reordering: 0.5, seed: 1) {
            try await traffic.collect(on: cluster[1])
            try await traffic.send(200, from: cluster[0], to: cluster[1].ip)
            let seen = try await traffic.collected(on: cluster[1], after: 0.3).map { $0 / 1000 }
            #expect(seen.sorted() == numbers && seen != numbers)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aNarrowLinkTakesItsTime(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        try await cluster[1].run(
            "head -c 250000 /dev/zero >/srv/file; cd /srv; setsid python3 -m http.server 7200 >/dev/null 2>&1 & until ss -ltn | grep -q :7200; do sleep 0.01; done",
            as: .root
        ).requireSuccess()
        let fetch =
            "python3 -c 'import urllib.request; print(len(urllib.request.urlopen(\"http://node2:7200/file\").read()))'"
        try await cluster[0].degraded(bandwidth: 1_000_000) {
            let (begin, clock) = (ContinuousClock.now, ContinuousClock())
            let fetched = try await cluster[0].run(fetch).standardOutput
            #expect(fetched == "250000\n")
            // 250,000 bytes at a million bits a second are 2 s.
            #expect(clock.now - begin >= .seconds(2))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func packetsThatAreTooLongAreToldOrVanish(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let traffic = try await Traffic(on: cluster)
        let (node, other) = (cluster[0], cluster[1])
        try await node.degraded(mtu: 1400, mtuIsSilent: true) {
            let (longest, longer) = (
                try await traffic.ping(node, other.ip, "-M do -s 1372"),
                try await traffic.ping(node, other.ip, "-M do -s 1373")
            )
            #expect(longest.exitCode == 0 && longer.exitCode != 0)
            #expect(!longer.standardOutput.contains("Frag needed"))
        }
        try await node.degraded(mtu: 1300) {
            let told = try await traffic.ping(node, other.ip, "-M do -s 1300")
            #expect(told.standardOutput.contains("Frag needed and DF set (mtu = 1300)"), "\(told)")
            // What may be cut is.
            let cut = try await traffic.ping(other, node.ip, "-M dont -s 4000")
            #expect(cut.exitCode == 0, "\(cut)")
        }
        // Whatever nodes have learnt of it, which they remember for a while. An overlay network takes 50 bytes of each packet.
        let (longest, longer) = backend == .swarm ? (1422, 1423) : (1472, 1473)
        #expect(try await traffic.ping(node, other.ip, "-M probe -s \(longest)").exitCode == 0)
        #expect(try await traffic.ping(node, other.ip, "-M probe -s \(longer)").exitCode != 0)
    }

    /// A node's interfaces are others after its start, and its network on Docker is.
    @Test(arguments: try await BackendUnderTest.usable())
    func aNodeThatIsStartedAgainFindsTheNetworkAsItWas(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            let traffic = try await Traffic(on: cluster)
            try await cluster[0].degrade(latency: .milliseconds(100))
            for node in cluster.nodes {
                try await node.kill()
                try await node.start()
                let time = try #require(try await roundTrip(traffic, cluster[0], cluster[1].ip))
                #expect(time >= 200)
            }
            // One that was told to by somebody on it.
            try await cluster[1].run("touch /run/gone", as: .root).requireSuccess()
            _ = try? await cluster[1].run("reboot", as: .root)
            #expect(
                try await eventually {
                    (try? await cluster[1].run("test ! -e /run/gone && hostname"))?.standardOutput == "node2\n"
                })
            try await cluster[1].waitUntilReady()
            #expect(try #require(try await roundTrip(traffic, cluster[0], cluster[1].ip)) >= 200)
            try await cluster[1].isolate()
            try await cluster[1].kill()
            // What is done to a network in which nobody is stays.
            try await cluster.heal()
            try await cluster[0].isolate()
            try await cluster[1].start()
            #expect(try await traffic.heard() == ["node1": [], "node2": []])
            try await cluster.heal()
            // Neighbours that were not found are asked for again a second later.
            #expect(try await eventually { try await traffic.heard() == ["node1": ["node2"], "node2": ["node1"]] })
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.ownMachines, .thisMachine]))
    func allNetworksOfANodeAreConcerned(backend: BackendUnderTest) async throws {
        let configuration = ClusterConfiguration(
            nodes: 2, site: Site(secondInterface: "ib0"), backend: backend.choice, ipv6: MachineNetworks.haveIPv6)
        try await withCluster(configuration) { cluster in
            let traffic = try await Traffic(on: cluster)
            try await cluster[0].degrade(latency: .milliseconds(100), includingMachine: cluster.hostIP != nil)
            for address in [cluster[1].secondIP, cluster[1].ipv6].compactMap(\.self) {
                let time = try #require(try await roundTrip(traffic, cluster[0], address), "no answer from \(address)")
                #expect(time >= 200)
            }
            try await expectSlow(cluster, atLeast: .milliseconds(200))
            try await cluster.setNetworkConditions(.partition([["node1"], ["node2"]]))
            for address in [cluster[1].secondIP, cluster[1].ipv6].compactMap(\.self) {
                #expect(try await roundTrip(traffic, cluster[0], address) == nil)
            }
        }
    }

    /// A banner is there after a connection's round trip and another one.
    private func expectSlow(_ cluster: Cluster, atLeast time: Duration) async throws {
        guard cluster.hostIP != nil else { return }
        let begin = ContinuousClock.now
        let words = ["-c", "exec 3<>/dev/tcp/\(cluster[0].ip)/22; read -r banner <&3; echo \"$banner\""]
        let told = try await Command("bash", words).output(limit: .seconds(20))
        #expect(told.standardOutput.hasPrefix("SSH-2.0-"), "\(told)")
        #expect(ContinuousClock.now - begin >= time * 2)
    }
}

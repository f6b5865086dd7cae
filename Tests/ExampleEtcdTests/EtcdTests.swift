import ClusterFixture
import FixtureTestSupport
import Testing

/// Whether a store of three members keeps its word when machines fail and networks break: what it has said to be written is there
/// afterwards, and what could be two truths is refused.
///
/// The tests share three machines, and each has them as new.
@Suite(
    .requiresBackend, ClusterFixture(nodes: 3, services: [Etcd()], sharing: .suite(reset: .eachTest)),
    .timeLimit(.minutes(5)))
struct EtcdTests {
    @Test func theSmallerPartOfAPartitionWritesNothing() async throws {
        let cluster = try Cluster.current
        let (alone, others) = (cluster[0], cluster[1])
        #expect(try await others.put("color", "green"))

        try await cluster.partitioned([["node1"], ["node2", "node3"]]) {
            try await others.putWhenPossible("color", "blue")
            // What is not acknowledged may be written all the same, later: when the way is free again, the others get it. So it is another
            // key.
            #expect(try await !alone.put("alone", "yes"), "one of three has written by itself")
            #expect(try await alone.get("color") == nil, "one of three can't know what is true")
        }

        // Healed, it learns what the others have agreed on.
        try await alone.putWhenPossible("healed", "yes")
        let learned = try await alone.getWhenPossible("color")
        #expect(learned == "blue")
    }

    @Test func whatWasWrittenOutlivesAPowerCutOfAll() async throws {
        let cluster = try Cluster.current
        #expect(try await cluster[2].put("color", "green"))

        for node in cluster.nodes { try await node.kill() }
        for node in cluster.nodes { try await node.start() }
        for node in cluster.nodes { try await node.startEtcd() }

        try await cluster[0].putWhenPossible("back", "yes")
        #expect(try await cluster[0].getWhenPossible("color") == "green")
    }

    @Test func aMemberThatWasAwayCatchesUp() async throws {
        let cluster = try Cluster.current

        try await cluster[1].stop()
        try await cluster[0].putWhenPossible("color", "blue")
        try await cluster[1].start()
        try await cluster[1].startEtcd()

        try await cluster[1].putWhenPossible("back", "yes")
        #expect(try await cluster[1].getWhenPossible("color") == "blue")
    }

    /// What is broken when is chance, and the same chance each time. When this fails, the shortest schedule that it fails under is told.
    @Test(UnderFaults.underFaults(seeds: 1...3, mix: FaultMix(kinds: [.pause, .partition, .isolate, .degrade])))
    func noValueThatWasAcknowledgedIsLost() async throws {
        let cluster = try Cluster.current
        var acknowledged: [String] = []
        for round in 0..<12 {
            let key = "key\(round)"
            if try await cluster[round % 3].putIfReachable(key, key) { acknowledged.append(key) }
        }

        // The last fault is over after four seconds.
        try await cluster[0].putWhenPossible("over", "yes")
        for key in acknowledged { #expect(try await cluster[0].getWhenPossible(key) == key, "\(key) was lost") }
    }
}

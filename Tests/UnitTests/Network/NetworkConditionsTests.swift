import ClusterEmulation
import Foundation
import Testing

/// What a network does, as a value.
@Suite struct NetworkConditionsTests {
    private typealias Link = NetworkConditions.Link
    private let five = (1...5).map { "node\($0)" }

    /// Who hears whom: for each node those whose frames reach it.
    private func heard(_ conditions: NetworkConditions, _ nodes: [String]) -> [String: Set<String>] {
        Dictionary(
            uniqueKeysWithValues: nodes.map { node in
                (node, Set(nodes.filter { $0 != node && !conditions[from: .node($0), to: .node(node)].isCut }))
            })
    }

    @Test func aPartitionHasGroups() {
        let parted = heard(.partition([["node1", "node2"], ["node3"]]), five)
        #expect(parted["node1"] == ["node2", "node4", "node5"])
        #expect(parted["node3"] == ["node4", "node5"])
        #expect(parted["node4"] == ["node1", "node2", "node3", "node5"])
    }

    @Test func nodesInNoGroupAreOneMore() throws {
        let parted = heard(try .partition([["node1"], ["node2"]], of: five), five)
        #expect(parted["node1"] == [] && parted["node2"] == [])
        #expect(parted["node3"] == ["node4", "node5"])
        let error = #expect(throws: ClusterError.self) {
            try NetworkConditions.partition([["node1", "node2"], ["node2"]], of: five)
        }
        #expect(error?.message.contains("node2 is in two groups") == true)
    }

    @Test func oneWayLeavesTheOtherWay() {
        let parted = heard(.oneWay(from: ["node1"], to: ["node1", "node2", "node3"]), five)
        #expect(parted["node1"]?.count == 4)
        #expect(parted["node2"] == ["node3", "node4", "node5"])
        #expect(parted["node3"] == ["node2", "node4", "node5"])
        #expect(parted["node4"]?.count == 4)
    }

    @Test func aBridgeReachesBothHalves() {
        for (conditions, bridge) in [(NetworkConditions.bridge(five), "node3"), (.bridge(five, by: "node1"), "node1")] {
            let parted = heard(conditions, five)
            #expect(parted[bridge]?.count == 4)
            for node in five where node != bridge {
                #expect(parted[node]?.count == 2 && parted[node]?.contains(bridge) == true)
            }
        }
        #expect(NetworkConditions.bridge([]).isHealthy && NetworkConditions.bridge(["node1"]).isHealthy)
    }

    @Test(arguments: 1...9)
    func onARingEveryNodeHearsAMajorityOfItsOwn(count: Int) {
        let nodes = (1...count).map { "node\($0)" }
        let majorities = heard(.majoritiesRing(nodes), nodes).map { $1.union([$0]) }
        #expect(majorities.allSatisfy { $0.count == count / 2 + 1 })
        #expect(Set(majorities).count == (count == 2 ? 1 : count))
    }

    @Test func ofRulesAboutADirectionTheLastCounts() {
        var conditions = NetworkConditions()
        conditions.set(from: [.node("node1")], to: [.node("node2"), .machine], .cut)
        conditions[from: .node("node1"), to: .node("node2")] = Link(latency: .milliseconds(5))
        #expect(conditions[from: .node("node1"), to: .node("node2")] == Link(latency: .milliseconds(5)))
        #expect(conditions[from: .node("node1"), to: .machine].isCut)
        #expect(conditions[from: .node("node2"), to: .node("node1")] == .healthy)
    }

    @Test func faultsAddUp() {
        let slow = NetworkConditions.around("node1", of: five, Link(latency: .milliseconds(20), loss: 0.5, mtu: 1400))
        var other = NetworkConditions(seed: 7)
        other.set(
            between: [.node("node1")], and: [.node("node2")],
            Link(
                opening: .ports([22...80]), latency: .milliseconds(10), loss: 0.5, bandwidth: 1000, mtu: 1500,
                mtuIsSilent: true))
        other.set(between: [.node("node2")], and: [.node("node3")], .cut)
        for both in [slow + other, other + slow] {
            let link = both[from: .node("node1"), to: .node("node2")]
            #expect(
                link
                    == Link(
                        opening: .ports([22...80]), latency: .milliseconds(30), loss: 0.75, bandwidth: 1000, mtu: 1400))
            #expect(
                both[from: .node("node1"), to: .node("node3")] == Link(latency: .milliseconds(20), loss: 0.5, mtu: 1400)
            )
            #expect(both[from: .node("node3"), to: .node("node2")] == .cut)
            #expect(both[from: .node("node4"), to: .node("node5")] == .healthy)
            #expect(both.seed == 7)
        }
        // A part of one that says "healthy" leaves the other's.
        var healed = NetworkConditions.partition([["node1"], ["node2", "node3"]])
        healed[from: .node("node1"), to: .node("node2")] = .healthy
        let both = healed + .oneWay(from: ["node1"], to: ["node2"])
        #expect(both[from: .node("node1"), to: .node("node2")].isCut)
        #expect(!(healed + .healthy)[from: .node("node1"), to: .node("node2")].isCut)
    }

    @Test func itIsPrintedAsAPersonWouldSayIt() {
        #expect("\(NetworkConditions.healthy)" == "a healthy network")
        #expect(
            "\(NetworkConditions.partition([["node1"], ["node2", "node10"]]))"
                == "node1 ↔ node2, node10: nothing passes")
        #expect("\(NetworkConditions.oneWay(from: ["node1"], to: ["node2"]))" == "node1 → node2: nothing passes")
        let link = Link(
            latency: .milliseconds(20), jitter: .milliseconds(2.5), loss: 0.1, bandwidth: 1_500_000, mtu: 1400,
            mtuIsSilent: true)
        #expect(
            "\(NetworkConditions.around("node1", of: ["node1", "node2"], link, includingMachine: true))"
                == "node1 ↔ node2, this machine: 20 ms ± 2.5 ms, 10 % lost, 1.5 Mbit/s, packets up to 1400 bytes, longer ones vanish"
        )
        #expect("\(Link(opening: .ports([22...22, 80...90])))" == "only ports 22, 80-90")
    }

    @Test func itIsReadAsItWasWritten() throws {
        var conditions = NetworkConditions.partition([["node1"], ["node2"]])
        conditions.seed = .max
        conditions.set(
            from: [.machine, .outside], to: [.node("node1")],
            Link(
                opening: .ports([1...9]), latency: .microseconds(1500), jitter: .milliseconds(1), loss: 0.1,
                duplication: 0.2, reordering: 0.3, corruption: 0.4, bandwidth: 5000, mtu: 900, mtuIsSilent: true))
        conditions.set(from: [.node("node1")], to: [.outside], Link(opening: .none))
        let text = try JSONEncoder().encode(conditions)
        #expect(try JSONDecoder().decode(NetworkConditions.self, from: text) == conditions)
        let typed = #"{"rules": [{"from": ["node1"], "to": ["machine"], "latency": 20, "loss": 0.5}]}"#
        let read = try JSONDecoder().decode(NetworkConditions.self, from: Data(typed.utf8))
        #expect(read[from: .node("node1"), to: .machine] == Link(latency: .milliseconds(20), loss: 0.5))
    }

    @Test(arguments: [
        (NetworkConditions.Link(loss: 1.5), "loss must be a probability from 0 to 1 (0% to 100%), not 1.5"),
        (.init(corruption: .nan), "corruption must be a probability"),
        (.init(duplication: -0.1), "duplication must be a probability"),
        (.init(latency: .seconds(-1)), "latency is 0 to 3600 s"),
        (.init(latency: .milliseconds(1), jitter: .milliseconds(2)), "jitter is to either side"),
        (.init(reordering: 0.5), "reordering needs one"), (.init(bandwidth: 0), "bandwidth is 1000 to"),
        (.init(mtu: 67), "has 68 to 65535 bytes, not 67"), (.init(opening: .ports([0...5])), "0 is not a port"),
    ])
    func whatNoNetworkDoesIsRefused(link: NetworkConditions.Link, message: String) {
        let error = #expect(throws: ClusterError.self) { try link.validate() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(message) == true, "\(error as Any)")
    }

    @Test func nodesThatThereAreNotAreRefused() {
        let error = #expect(throws: ClusterError.self) {
            try NetworkConditions.partition([["node1"], ["nodee2"]]).validate(
                nodes: five, hasMachine: true, cluster: "lab")
        }
        #expect(error?.description == "Cluster lab has no node \"nodee2\". Did you mean node2?")
        #expect(throws: ClusterError.self) {
            try NetworkConditions.around("node1", of: five, .cut, includingMachine: true).validate(
                nodes: five, hasMachine: false, cluster: "lab")
        }
    }
}

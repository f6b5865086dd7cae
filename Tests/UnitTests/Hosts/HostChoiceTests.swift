import Testing

@testable import ClusterEmulation

/// Machines of several roles are given to those nodes that have no other.
@Suite struct HostChoiceTests {
    private typealias Wanted = HostChoice.Wanted

    private static func pool(_ hosts: [(String, Set<String>)]) -> HostPool {
        HostPool(
            file: "/etc/pool", hosts: hosts.map { PoolHost(name: $0.0, roles: $0.1) }, configuration: "")
    }

    private static func choose(
        _ nodes: [(String, String?)], _ hosts: [(String, Set<String>)], keeping kept: [String: String] = [:],
        without lost: Set<String> = []
    ) -> [String: String] {
        let pool = pool(hosts)
        let chosen = HostChoice.choose(
            for: nodes.map { Wanted($0.0, $0.1) }, from: pool.hosts.filter { !lost.contains($0.name) }, of: pool,
            keeping: kept.mapValues { PoolHost(name: $0) })
        return chosen.mapValues(\.name)
    }

    private static let mixed: [(String, Set<String>)] = [
        ("g1", ["compute", "gpu"]), ("c1", ["compute"]), ("c2", ["compute"]),
    ]

    @Test func aMachineOfTwoRolesGoesWhereNoOtherCan() {
        let chosen = Self.choose([("compute1", "compute"), ("compute2", "compute"), ("gpu1", "gpu")], Self.mixed)
        #expect(chosen["gpu1"] == "g1")
        #expect(Set([chosen["compute1"], chosen["compute2"]]) == ["c1", "c2"])
    }

    @Test func oneThatIsMovedMovesOthers() {
        let hosts: [(String, Set<String>)] = [("x", ["a", "b"]), ("y", ["b", "c"]), ("z", ["c"])]
        let chosen = Self.choose([("c", "c"), ("b", "b"), ("a", "a")], hosts)
        #expect(chosen == ["a": "x", "b": "y", "c": "z"])
    }

    @Test func namesGoFirstUnlessThereIsNoOtherWay() {
        let nodes: [(String, String?)] = [("node1", nil), ("node2", nil)]
        #expect(
            Self.choose(nodes, [("a", []), ("node2.lab", []), ("node1.lab", [])])
                == ["node1": "node1.lab", "node2": "node2.lab"])
        #expect(Self.choose(nodes, [("a", []), ("b", []), ("c", [])]) == ["node1": "a", "node2": "b"])
        // What else can be moved is.
        let hosts: [(String, Set<String>)] = [("node1", ["gpu"]), ("g", ["gpu"]), ("c", [])]
        let three: [(String, String?)] = [("node1", nil), ("other", nil), ("gpu1", "gpu")]
        #expect(Self.choose(three, hosts) == ["node1": "node1", "other": "c", "gpu1": "g"])
        #expect(
            Self.choose([("node1", nil), ("gpu1", "gpu")], [("node1", ["gpu"]), ("c", [])])
                == ["node1": "c", "gpu1": "node1"])
    }

    @Test func aRoleThatNoMachineHasIsAnybodys() {
        #expect(Self.choose([("login", "login")], Self.mixed) == ["login": "g1"])
        #expect(HostChoice.count(for: "login", in: Self.pool(Self.mixed)) == 3)
        #expect(HostChoice.count(for: "gpu", in: Self.pool(Self.mixed)) == 1)
        // Also when none of them can be had: the others are there for something else.
        #expect(Self.choose([("gpu1", "gpu")], Self.mixed, without: ["g1"]) == [:])
    }

    /// The machines that are held are used, by other nodes if need be.
    @Test func whatIsKeptIsUsed() {
        let hosts: [(String, Set<String>)] = [
            ("c1", ["compute"]), ("g1", ["compute", "gpu"]), ("g2", ["compute", "gpu"]),
        ]
        let nodes: [(String, String?)] = [("compute1", "compute"), ("gpu1", "gpu")]
        #expect(
            Self.choose(nodes, hosts, keeping: ["compute1": "g1"], without: ["g2"]) == ["compute1": "c1", "gpu1": "g1"])
    }

    @Test func whatCantBeGivenIsMissing() {
        let chosen = Self.choose([("a", "gpu"), ("b", "gpu"), ("c", "compute")], Self.mixed)
        #expect(chosen.count == 2 && chosen["c"] != nil)
    }

    @Test func aThousandAreChosenAtOnce() {
        let hosts = (1...1000).map { ("h\($0).lab", Set($0 <= 500 ? ["gpu", "compute"] : ["compute"])) }
        let nodes =
            (1...500).map { ("compute\($0)", String?.some("compute")) } + (1...500).map { ("gpu\($0)", "gpu") }
        let begun = ContinuousClock.now
        #expect(Self.choose(nodes, hosts).count == 1000)
        #expect(ContinuousClock.now - begun < .seconds(20))
    }
}

import ClusterEmulation
import FixtureTestSupport
import Testing

/// Which machines nodes are put on.
@Suite struct SwarmPlacementTests {
    private static func machine(
        _ name: String, zone: String = "", isManager: Bool = false, hindrance: String? = nil, processors: Double = 4,
        memory: Int = 8 << 30
    ) -> SwarmMachine {
        SwarmMachine(
            id: "id-" + name, name: name, address: "192.0.2.\(name.dropFirst())",
            labels: zone.isEmpty ? [:] : ["zone": zone, "reached": "203.0.113.\(name.dropFirst())"],
            isManager: isManager, hindrance: hindrance, processors: processors, memory: memory)
    }

    private static let three = [
        machine("m1", zone: "east", isManager: true), machine("m2", zone: "east"), machine("m3", zone: "west"),
    ]

    private func place(
        _ nodes: Int, over machines: [SwarmMachine] = three, limits: NodeLimits = .none, services: [any Service] = [],
        _ options: SwarmOptions = SwarmOptions(), gateway: String? = nil, on place: String? = nil
    ) throws -> [String] {
        let plan = try ClusterPlan(ClusterConfiguration(nodes: nodes, services: services, limits: limits))
        return try SwarmPlacement(plan, over: machines, options, gateway: gateway, on: place).machines.map(\.name)
    }

    private func refusal(_ body: () throws -> [String]) throws -> ClusterError {
        try #require(throws: ClusterError.self) { _ = try body() }
    }

    @Test(arguments: 1...7) func eachMachineHasAsManyAsTheOthersOrOneMore(nodes: Int) throws {
        let names = try place(nodes)
        let counts = Self.three.map { machine in names.count { $0 == machine.name } }
        #expect(names.count == nodes && counts.max()! - counts.min()! <= 1)
    }

    @Test func aLabelsValuesComeFirst() throws {
        let names = try place(4, SwarmOptions(spreadOver: "zone"))
        #expect(names.sorted() == ["m1", "m2", "m3", "m3"])
    }

    @Test(arguments: [
        (["node.labels.zone==east"], ["m1", "m2"]), (["node.labels.zone != east"], ["m3", "m3"]),
        (["node.role==manager"], ["m1", "m1"]), (["node.hostname==M2"], ["m2", "m2"]),
        (["node.id==id-m3"], ["m3", "m3"]), (["node.labels.zone==east", "node.role!=manager"], ["m2", "m2"]),
    ]) func constraintsSayWhichMachines(constraints: [String], expected: [String]) throws {
        #expect(try place(2, SwarmOptions(constraints: constraints)).sorted() == expected)
    }

    @Test(arguments: ["", "node.labels.zone=east", "engine.labels.x==y", "node.role"])
    func whatIsNotAConstraintIsRefused(text: String) throws {
        let error = try refusal { try place(1, SwarmOptions(constraints: [text])) }
        #expect(error.code == .invalidConfiguration && error.message.contains("\"\(text)\" is not a constraint"))
    }

    @Test func whyNoMachineIsTakenIsSaid() throws {
        let none = try refusal { try place(1, SwarmOptions(constraints: ["node.labels.zone==north"])) }
        #expect(none.message.contains("of its 3 machines, none is as node.labels.zone==north asks"), "\(none)")
        let away = [
            Self.machine("m1", hindrance: "it is down"), Self.machine("m2", hindrance: "its availability is drain"),
        ]
        let all = try refusal { try place(1, over: away) }
        #expect(all.message.contains("m1: it is down; m2: its availability is drain"), "\(all)")
        let large = try refusal { try place(1, limits: NodeLimits(processors: 5)) }
        #expect(large.message.contains("as large as the limits of node1 ask: m"), "\(large)")
    }

    @Test func limitsTakeAMachineThatHasAsMuch() throws {
        let machines = [Self.machine("m1", memory: 1 << 30), Self.machine("m2")]
        #expect(try place(2, over: machines, limits: NodeLimits(memory: 2 << 30)) == ["m2", "m2"])
    }

    @Test func whatNodesShareIsOnTheMachineWithTheMostMemory() throws {
        let machines = [Self.machine("m1"), Self.machine("m2", memory: 16 << 30)]
        #expect(try place(2, over: machines, services: [.sharedFolder("/home")]) == ["m2", "m2"])
    }

    @Test func theGatewayIsWhereItHasToBe() throws {
        for _ in 0..<5 { #expect(try place(3, gateway: "node1", on: "id-m2")[0] == "m2") }
        let options = SwarmOptions(constraints: ["node.hostname!=m2"])
        let error = try refusal { try place(2, options, gateway: "node1", on: "id-m2") }
        #expect(error.message.contains("can't be on the manager's machine"), "\(error)")
    }

    @Test func aLabelSaysByWhichAddressTheyAreReached() throws {
        let options = SwarmOptions(addressLabel: "reached")
        let plan = try ClusterPlan(ClusterConfiguration(nodes: 3))
        let machines = try SwarmPlacement(plan, over: Self.three, options).machines
        #expect(machines.map(\.address).sorted() == ["203.0.113.1", "203.0.113.2", "203.0.113.3"])
        let error = try refusal { try place(1, over: [Self.machine("m1")], options) }
        #expect(error.message.contains("m1 has no label reached"), "\(error)")
        #expect(error.remedy.contains("docker node update --label-add reached=ADDRESS m1"))
        let wrong = SwarmMachine(id: "a", name: "m1", address: "192.0.2.1", labels: ["reached": "m1.example"])
        #expect(try refusal { try place(1, over: [wrong], options) }.message.contains("is not an IPv4 address"))
    }
}

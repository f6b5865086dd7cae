import ClusterEmulation
import Testing

/// What a manager tells of a machine: Docker 20.10's answers, cut to what is read.
@Suite struct SwarmMachineTests {
    private func machine(
        state: String = "ready", availability: String = "active", address: String = "192.0.2.7", manager: String = ""
    ) throws -> SwarmMachine {
        try SwarmMachine(
            json: """
                {"ID":"abc","Spec":{"Labels":{"zone":"east"},"Role":"\(manager.isEmpty ? "worker" : "manager")","Availability":"\(availability)"},\
                "Description":{"Hostname":"web7","Resources":{"NanoCPUs":2000000000,"MemoryBytes":4096}},\
                "Status":{"State":"\(state)","Addr":"\(address)"}\(manager)}
                """)
    }

    @Test func whatItIsAndHas() throws {
        let machine = try machine()
        #expect(machine.id == "abc" && machine.name == "web7" && machine.address == "192.0.2.7")
        #expect(machine.labels == ["zone": "east"] && !machine.isManager && machine.hindrance == nil)
        #expect(machine.processors == 2 && machine.memory == 4096)
    }

    @Test func whatKeepsNodesAway() throws {
        #expect(try machine(state: "down").hindrance == "it is down")
        #expect(try machine(availability: "drain").hindrance == "its availability is drain")
        #expect(try machine(state: "down", availability: "drain").hindrance == "it is down")
    }

    /// Of one that has joined and never answered, the Swarm knows no more.
    @Test func whoHasNeverSaidAnythingIsNoHindranceToOthers() throws {
        let machine = try SwarmMachine(
            json: """
                {"ID":"abc","Spec":{"Labels":{},"Role":"worker","Availability":"active"},"Description":{"Resources":{}},"Status":{"State":"unknown"}}
                """)
        #expect(machine.name == "abc" && machine.hindrance == "it has not said yet who it is")
    }

    @Test(arguments: ["0.0.0.0", ""]) func aManagerThatDoesNotKnowItsAddressSaysWhereItListens(address: String) throws {
        let manager = #","ManagerStatus":{"Addr":"192.0.2.9:2377"}"#
        let machine = try machine(address: address, manager: manager)
        #expect(machine.address == "192.0.2.9" && machine.isManager)
    }
}

import ClusterFixture
import Testing

/// What not every backend's nodes can do. Where they can't, the test is skipped, and the reason is printed.
struct FaultTests {
    /// Existing machines are not broken on purpose: with `CLUSTER_FIXTURE_HOSTS` this test is skipped.
    @Test(ClusterFixture(nodes: 2, name: "user-faults"), .requires(.faults))
    func aNodeIsLostAndComesBack() async throws {
        let cluster = try Cluster.current
        let node = try cluster.node("node1")
        try await cluster.under(.killed("node2")) {
            let result = try await node.run("ssh -o ConnectTimeout=2 node2 hostname")
            #expect(result.exitCode == 255)
        }
        #expect(try await node.run("ssh node2 hostname").lines == ["node2"])
    }
}

/// One cluster for all suites that ask for the same, as new before each test. Existing machines stay as they are.
@Suite(ClusterFixture.shared(name: "user-reset", reset: .eachTest), .requires(.ownMachines))
struct ResetTests {
    @Test(arguments: ["first", "second"])
    func nothingIsLeftOfTheTestBefore(name: String) async throws {
        let node = try Cluster.current[0]
        #expect(try await node.run("ls").lines.isEmpty)
        try await node.write("left behind\n", to: name)
    }
}

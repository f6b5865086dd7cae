import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Machines that die in the middle. Each machine is everybody's: nothing else runs meanwhile.
@Suite(.requiresPrivateSwarm, .timeLimit(.minutes(10)), .serialized)
struct SwarmDeathTests {
    @Test func nodesAreLostWithTheirMachineAndTheOthersLive() async throws {
        let backend = BackendChoice.swarm(SwarmOptions(constraints: ["node.role==worker"]))
        let cluster = try await Cluster.start(ClusterConfiguration(nodes: 2, backend: backend))
        let lost = try #require(cluster.nodes.first { $0.host == "198.19.254.13" })
        let other = try #require(cluster.nodes.first { $0.host == "198.19.254.12" })
        try SwarmMachines.switchOff("machine3")
        do {
            let error = try await #require(throws: ClusterError.self) { try await lost.run("sleep 60") }
            #expect(error.node == lost.name)
            #expect(error.message.contains("It was lost with its machine machine3"), "\(error)")
            #expect(try await other.run("hostname").standardOutput == other.name + "\n")
            let states = try await ClusterCatalog.find(cluster.name).cluster.states()
            #expect(states[other.name] == .running)
            #expect(states[lost.name] != .running && states[lost.name] != nil)
            try await cluster.stop()
            // What the machine has is out of reach. What waits for it is there, and no node.
            let left = try await SwarmMachines.traces(of: cluster.id, on: ["machine1", "machine2"])
            #expect(!left.contains { $0.contains("-node") }, "\(left)")
        } catch {
            Issue.record(error)
        }
        try await SwarmMachines.switchOn("machine3")
        #expect(try await eventually(within: .seconds(60)) { try await SwarmMachines.traces(of: cluster.id).isEmpty })
    }
}

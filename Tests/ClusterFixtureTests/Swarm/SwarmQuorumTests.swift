import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// A Swarm that has lost too many of its managers. It stays so: nothing comes after this.
@Suite(.requiresPrivateSwarm, .timeLimit(.minutes(5)))
struct SwarmQuorumTests {
    @Test func withoutAQuorumItIsSaid() async throws {
        let manager = SwarmMachines.engine("machine1")
        try await manager.change(["node", "promote", "machine2"], else: "machine2 could not be promoted")
        let managers = ["node", "ls", "--filter", "role=manager", "--format", "{{.ManagerStatus}}"]
        #expect(try await eventually { Set(try await manager.ask(managers).lines) == ["Leader", "Reachable"] })
        try SwarmMachines.switchOff("machine2")
        // The one that is left takes itself for the leader, until it hears that it has nobody to lead.
        #expect(try await eventually { try await !manager.ask(["node", "ls"]).succeeded })
        let error = try await #require(throws: ClusterError.self) {
            try await withCluster(nodes: 1, backend: .swarm) { _ in }
        }
        #expect(error.code == .backendUnavailable)
        #expect(error.message.contains("The Swarm does not answer"), "\(error)")
        #expect(error.remedy.contains("swarm init --force-new-cluster"), "\(error)")
    }
}

import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What can be wrong with a Swarm, and what is said then.
@Suite(.requiresPrivateSwarm, .timeLimit(.minutes(5)))
struct SwarmTroubleTests {
    private func failure(
        _ options: SwarmOptions = SwarmOptions(), _ change: (inout ClusterConfiguration) -> Void = { _ in }
    ) async throws -> ClusterError {
        var configuration = ClusterConfiguration(nodes: 3, backend: .swarm(options))
        change(&configuration)
        let fixed = configuration
        return try await #require(throws: ClusterError.self) { try await withCluster(fixed) { _ in } }
    }

    @Test func aWorkerIsNoManager() async throws {
        let error = try await failure(SwarmOptions(manager: "machine2"))
        #expect(error.code == .backendUnavailable)
        #expect(error.message.contains("The engine is a worker of a Swarm and not a manager."), "\(error)")
        #expect(error.remedy.contains("docker node promote"))
    }

    @Test func anEngineThatIsNotThereIsNamed() async throws {
        let error = try await failure(SwarmOptions(manager: "unix:///nowhere/docker.sock"))
        #expect(error.code == .backendUnavailable)
        #expect(error.message.contains("/nowhere/docker.sock"), "\(error)")
    }

    @Test func whatSeveralMachinesCantShareIsRefused() async throws {
        for (change, words) in [
            ({ $0.mounts = [Mount("/usr", at: "/mnt")] }, "The folder /usr of this machine can't be on nodes"),
            ({ $0.services = [.sharedFolder("/home", bytesPerSecond: 1 << 20)] }, "A shared folder can't be slow"),
            ({ $0.site = Site(secondInterface: "ib0") }, "Nodes can't have a second interface"),
            ({ $0.ipv6 = true }, "Nodes can't have addresses of IPv6"),
        ] as [((inout ClusterConfiguration) -> Void, String)] {
            let error = try await failure(SwarmOptions(), change)
            #expect(error.code == .invalidConfiguration)
            #expect(error.message.contains(words), "\(error)")
        }
    }

    @Test func constraintsThatNothingMeetsAreNamed() async throws {
        let none = try await failure(SwarmOptions(constraints: ["node.labels.disk==tape"]))
        #expect(none.message.contains("none is as node.labels.disk==tape asks"), "\(none)")
        let bad = try await failure(SwarmOptions(constraints: ["disk is fast"]))
        #expect(bad.code == .invalidConfiguration && bad.message.contains("\"disk is fast\" is not a constraint"))
        let large = try await failure(SwarmOptions()) { $0.limits = NodeLimits(memory: 1 << 50) }
        #expect(large.message.contains("No machine of the Swarm is as large"), "\(large)")
    }

    /// A port that is named is not changed for another one.
    @Test func aPortThatIsTakenOnAMachineIsNamed() async throws {
        let engine = SwarmMachines.engine("machine2")
        let image = try await DockerImages(engine: SwarmMachines.engine("machine1")).ensure(.node, timeline: Timeline())
        try await withCluster(nodes: 3, backend: .swarm) { _ in
            // The image is on every machine now.
            let name = "taken-\(Int.random(in: 0..<1 << 32))"
            let taken = ["run", "--detach", "--name", name, "--publish", "198.19.254.12:18999:22", image]
            try await engine.change(taken, else: "The port could not be taken")
            let only = SwarmOptions(constraints: ["node.hostname==machine2"])
            let error = try await failure(only) {
                $0.nodes = 1
                $0.ports = [PublishedPort(8787, on: 18999)]
            }
            try await engine.change(["rm", "--force", name], else: "The port could not be given back")
            #expect(error.message.contains("On machine2: node1 could not be started"), "\(error)")
            #expect(error.message.contains("18999"), "\(error)")
        }
    }

    /// What an engine of a machine is asked for, it is asked for where Docker's contexts say.
    @Test func aMachineThatIsSomewhereElseIsNotTakenForIt() async throws {
        let machines = try await Swarm(SwarmMachines.engine("machine1")).machines()
        let second = try #require(machines.first { $0.name == "machine2" })
        let posing = SwarmMachine(id: second.id, name: "machine3", address: second.address)
        let error = try await #require(throws: ClusterError.self) {
            try await Swarm(DockerEngine(context: "machine1", patience: .seconds(59))).engine(of: posing)
        }
        #expect(error.message.contains("is not the engine of machine3"), "\(error)")
        #expect(error.remedy.contains("docker context create machine3"))
    }

    /// Machines whose Swarm is well may all the same not let through what nodes say to each other.
    @Test func aWayThatNodesDoNotHaveIsNamed() async throws {
        let error = try await SwarmMachines.withoutVXLAN {
            try await failure { $0.nodes = 2 }
        }
        #expect(error.code == .notReady)
        #expect(error.message.contains("does not reach node"), "\(error)")
        #expect(error.message.contains("although the Swarm has both"), "\(error)")
        #expect(error.remedy.contains("UDP port 4789"), "\(error)")
        // A machine's own engine may tell a moment later.
        #expect(try await eventually { try await SwarmMachines.traces(of: "cf-").isEmpty })
    }

    /// Docker makes such a network on any kernel. On one without ESP nothing passes, which must be said, and nothing passes in the clear.
    @Test func encryptionTakesAKernelWithESP() async throws {
        let encrypted = SwarmOptions(isEncrypted: true)
        if try await hasESP() {
            try await withCluster(nodes: 3, backend: .swarm(encrypted)) { cluster in
                _ = try await cluster[0].run("ssh node2 true && ssh node3 true").requireSuccess()
            }
        } else {
            let error = try await failure(encrypted)
            #expect(error.code == .notReady)
            #expect(error.message.contains("does not reach node"), "\(error)")
            #expect(error.remedy.contains("IP protocol 50 (ESP)"), "\(error)")
        }
        // A machine's own engine may tell a moment later.
        #expect(try await eventually { try await SwarmMachines.traces(of: "cf-").isEmpty })
    }

    @Test func anImageThatIsGoneIsNamed() async throws {
        let engine = SwarmMachines.engine("machine2")
        let images = SwarmImages(manager: SwarmMachines.engine("machine1"), registry: nil, timeline: Timeline())
        let gone = try await #require(throws: ClusterError.self) {
            try await images.ensure("nowhere/no:1", on: [engine])
        }
        #expect(gone.code == .imageUnavailable && gone.message.contains("no image nowhere/no:1"), "\(gone)")
        let image = try await DockerImages(engine: SwarmMachines.engine("machine1")).ensure(.node, timeline: Timeline())
        let unreachable = SwarmImages(
            manager: SwarmMachines.engine("machine1"), registry: "127.0.0.1:9/none", timeline: Timeline())
        let other = DockerEngine(context: "machine3", machine: "machine3")
        _ = try? await other.ask(["image", "rm", "--force", "127.0.0.1:9/none/\(image)"])
        let fresh = "cluster-fixture/unreachable:\(Int.random(in: 0..<1 << 32))"
        try await SwarmMachines.engine("machine1").change(["tag", image, fresh], else: "The image got no other name")
        let error = try await #require(throws: ClusterError.self) { try await unreachable.ensure(fresh, on: [other]) }
        _ = try await SwarmMachines.engine("machine1").ask(
            ["image", "rm", fresh, "127.0.0.1:9/none/\(fresh)"])
        #expect(error.code == .imageUnavailable)
        #expect(error.message.contains("The registry 127.0.0.1:9/none could not be given the image"), "\(error)")
    }
}

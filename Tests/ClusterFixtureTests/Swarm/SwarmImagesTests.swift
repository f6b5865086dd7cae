import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// How images get to a Swarm's machines.
@Suite(.requiresPrivateSwarm, .timeLimit(.minutes(5)))
struct SwarmImagesTests {
    @Test(.requiresProgram("docker-registry")) func aRegistryBringsImagesToTheMachines() async throws {
        try await withTemporaryFolder { folder in
            let address = "198.19.254.1:5000"
            let configuration = """
                version: 0.1
                storage: {filesystem: {rootdirectory: \(folder)/images}}
                http: {addr: "\(address)"}
                """
            try configuration.write(toFile: folder + "/config.yml", atomically: true, encoding: .utf8)
            let serving = Task { try await Command("docker-registry", ["serve", folder + "/config.yml"]).output() }
            defer { serving.cancel() }
            #expect(try await eventually { LoopbackPort.accepts(5000, on: "198.19.254.1") })
            let manager = SwarmMachines.engine("machine1")
            let image = try await DockerImages(engine: manager).ensure(.node, timeline: Timeline())
            let fresh = "cluster-fixture/fresh:\(Int.random(in: 0..<1 << 32))"
            try await manager.change(["tag", image, fresh], else: "The image got no other name")
            let machines = ["machine2", "machine3"].map { DockerEngine(context: $0, machine: $0) }
            let images = SwarmImages(manager: manager, registry: address + "/tests", timeline: Timeline())
            try await images.ensure(fresh, on: machines)
            let wanted = try await DockerImages(engine: manager).identifier(of: fresh)
            for machine in machines {
                #expect(try await DockerImages(engine: machine).identifier(of: fresh) == wanted)
                _ = try await machine.ask(["image", "rm", fresh, "\(address)/tests/\(fresh)"])
            }
            // A machine that does not reach it is named.
            let lost = "cluster-fixture/lost:\(Int.random(in: 0..<1 << 32))"
            try await manager.change(["tag", image, lost], else: "The image got no other name")
            let error = try await SwarmMachines.withoutWay(to: 5000, from: "machine3") {
                try await #require(throws: ClusterError.self) { try await images.ensure(lost, on: machines) }
            }
            #expect(error.code == .imageUnavailable)
            #expect(error.message.contains("machine3 could not be given the image \(lost)"), "\(error)")
            for engine in [manager, machines[0]] {
                _ = try await engine.ask(["image", "rm", lost, "\(address)/tests/\(lost)"])
            }
            _ = try await manager.ask(["image", "rm", fresh, "\(address)/tests/\(fresh)"])
            let kept = folder + "/images/docker/registry/v2/repositories/tests/cluster-fixture/fresh"
            #expect(FileManager.default.fileExists(atPath: kept))
            serving.cancel()
            _ = await serving.result
        }
    }

    @Test func anImageIsCarriedWhereItIsMissingAndNowhereElse() async throws {
        let manager = SwarmMachines.engine("machine1")
        let image = try await DockerImages(engine: manager).ensure(.node, timeline: Timeline())
        let fresh = "cluster-fixture/carried:\(Int.random(in: 0..<1 << 32))"
        let machines = ["machine2", "machine3"].map { DockerEngine(context: $0, machine: $0) }
        // The second machine has it already.
        try await SwarmImages(manager: manager, registry: nil, timeline: Timeline()).ensure(image, on: [machines[0]])
        for engine in [manager, machines[0]] {
            try await engine.change(["tag", image, fresh], else: "The image got no other name")
        }
        for expected in [["carrying the image \(fresh) to machine3; this is done once"], []] {
            let timeline = Timeline()
            try await SwarmImages(manager: manager, registry: nil, timeline: timeline).ensure(fresh, on: machines)
            #expect(timeline.events.map(\.detail) == expected)
        }
        let wanted = try await DockerImages(engine: manager).identifier(of: fresh)
        for machine in machines { #expect(try await DockerImages(engine: machine).identifier(of: fresh) == wanted) }
        for engine in [manager] + machines { _ = try await engine.ask(["image", "rm", fresh]) }
    }
}

import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// On a kernel with ESP, what machines say to each other on an encrypted network is encrypted. `scripts/check-encryption` boots one.
@Suite(
    .requiresPrivateSwarm, .enabled("the kernel has no ESP: scripts/check-encryption boots one") { try await hasESP() },
    .timeLimit(.minutes(5)))
struct SwarmEncryptionTests {
    /// That kernel has too little of nftables for whole nodes.
    @Test func whatPassesIsESPAlone() async throws {
        let plan = try ClusterPlan(ClusterConfiguration(nodes: 2, backend: .swarm))
        let network = DockerArguments.network(plan.id)
        let engines = ["machine1", "machine2"].map { DockerEngine(context: $0, machine: $0) }
        let image = try await DockerImages(engine: engines[0]).ensure(.node, timeline: Timeline())
        try await SwarmImages(manager: engines[0], registry: nil, timeline: Timeline()).ensure(image, on: engines)
        let subnet = try await SwarmBackend(SwarmOptions(isEncrypted: true)).createNetwork(plan)
        let addresses = subnet.addresses(2)
        let result: Result<Void, any Error>
        do {
            for (engine, address) in zip(engines, addresses) {
                let words = ["run", "--detach", "--name", "\(network)-idle", "--network", network, "--ip", address]
                try await engine.change(
                    words + ["--entrypoint", "sleep", image, "300"], else: "Nothing is on the network")
            }
            let words = ["exec", "\(network)-idle", "ping", "-c", "3", "-W", "2", addresses[1]]
            // In the clear, it would not get through.
            let told = try await SwarmMachines.withoutVXLAN { try await engines[0].ask(words) }
            #expect(told.succeeded, "\(told.complaint)")
            let sent = try await SwarmMachines.command(["ip", "-s", "xfrm", "state"], on: "machine1").output()
            #expect(sent.lines.contains { $0.firstMatch(of: /[1-9]\d*\(bytes\), [1-9]\d*\(packets\)/) != nil })
            result = .success(())
        } catch { result = .failure(error) }
        for engine in engines { _ = try await engine.ask(["rm", "--force", "\(network)-idle"]) }
        #expect(try await eventually { try await engines[0].ask(["network", "rm", network]).succeeded })
        try result.get()
    }
}

/// Whether a kernel can encrypt as Docker would have it.
func hasESP() async throws -> Bool {
    let state = ["xfrm", "state", "add", "src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp", "spi", "1"]
    let way = ["mode", "transport", "aead", "rfc4106(gcm(aes))", "0x" + String(repeating: "0", count: 40), "64"]
    return try await Command("unshare", ["--net", "ip"] + state + way).output().succeeded
}

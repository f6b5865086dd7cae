#if os(Linux)
import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// Machines that have several roles become what no other can be.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct HostRolesTests {
    /// The lab's machines in this order, with these roles.
    private func file(_ lab: Lab, _ hosts: [(name: String, roles: String)]) throws -> String {
        let lines = try String(contentsOfFile: lab.hosts(), encoding: .utf8).split(separator: "\n").map(String.init)
        let head = lines.prefix { !$0.hasPrefix("  - {") }
        let own = hosts.compactMap { host in
            lines.first { $0.hasPrefix("  - {name: \(host.name).") }.map {
                String($0.dropLast()) + ", roles: [\(host.roles)]}"
            }
        }
        return try lab.file("roles-\(UUID().uuidString).yaml", (head + own).map { $0 + "\n" }.joined())
    }

    private func names(_ file: String, compute: Int) async throws -> [String: String] {
        var configuration = ClusterConfiguration(backend: .hosts(file))
        configuration.roles = [.compute(compute), NodeRole("gpu", 1)]
        let cluster = try await Cluster.start(configuration)
        var names: [String: String] = [:]
        for node in cluster.nodes {
            // By the nodes' own connections, and by what is noted of the machines.
            let program = try await cluster.handle.execute(["hostname"], on: node.name)
            names[node.name] = try await node.run("hostname").lines.first
            #expect(program.lines.first == names[node.name])
        }
        try await cluster.stop()
        return names
    }

    @Test func theOnlyOneOfARoleIsKeptForIt() async throws {
        try await Lab.with { lab in
            let file = try file(lab, [("node1", "compute, gpu"), ("node2", "compute"), ("node3", "compute")])
            let names = try await names(file, compute: 2)
            #expect(names["gpu1"] == "node1" && names.count == 3, "\(names)")
            #expect(try await lab.left() == [])
        }
    }

    @Test func oneThatIsTakenBecomesAnotherNodeWhereAMachineIsDown() async throws {
        try await Lab.with { lab in
            let file = try file(lab, [("node2", "compute, gpu"), ("node3", "compute, gpu"), ("node1", "compute")])
            try await lab.cluster["node3"].kill()
            let names = try await names(file, compute: 1)
            #expect(names == ["compute1": "node1", "gpu1": "node2"])
        }
    }

    @Test func rolesThatDoNotGoTogetherAreRefusedAtOnce() async throws {
        try await Lab.with { lab in
            let file = try file(lab, [("node1", "compute, gpu"), ("node2", "compute"), ("node3", "login")])
            let error = try await #require(throws: ClusterError.self) { try await names(file, compute: 2) }
            #expect(error.code == .invalidConfiguration, "\(error)")
            #expect(error.message.contains("leave none for gpu1: a machine is one node"), "\(error)")
            #expect(try await lab.left() == [])
        }
    }
}
#endif

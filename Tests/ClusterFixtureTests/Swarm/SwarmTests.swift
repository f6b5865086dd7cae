import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What only a Swarm has: several machines.
@Suite(.requiresPrivateSwarm, .timeLimit(.minutes(5)))
struct SwarmTests {
    private func machine(of node: Node, in cluster: Cluster) async throws -> String? {
        for machine in SwarmMachines.names {
            let words = ["ps", "--filter", "name=cf-\(cluster.id)-\(node.name)$", "--quiet"]
            if try await !SwarmMachines.engine(machine).ask(words).lines.isEmpty { return machine }
        }
        return nil
    }

    @Test func nodesAreSpreadOverTheMachinesAndReachedThere() async throws {
        try await withCluster(nodes: 5, backend: .swarm) { cluster in
            var counts: [String: Int] = [:]
            for node in cluster.nodes {
                let machine = try #require(try await machine(of: node, in: cluster))
                counts[machine, default: 0] += 1
                #expect(node.host == "198.19.254.1\(machine.last!)")
                // Nobody else's interface has its port.
                let published = try await SwarmMachines.engine(machine).ask(
                    ["ps", "--filter", "publish=\(node.port)", "--format", "{{.Ports}}"])
                let ports = published.lines.flatMap { $0.split(separator: ", ") }.filter { $0.contains("->") }
                #expect(ports == ["\(node.host):\(node.port)->22/tcp"])
            }
            #expect(counts.values.sorted() == [1, 2, 2])
            let names = cluster.nodes.map(\.name)
            for node in cluster.nodes {
                let line = names.map { "ssh \($0) hostname" }.joined(separator: "; ")
                #expect(try await node.run(line).lines == names)
                // What a program takes for its machine's address is the one that others reach it by.
                let asked =
                    "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9)); print(s.getsockname()[0])"
                #expect(try await node.run(["python3", "-c", asked]).standardOutput == node.ip + "\n")
                // What it knows of the others is there after its machine's engine has started it again.
                try await node.restart()
                #expect(try await node.run(line).lines == names)
            }
        }
    }

    @Test func constraintsAndLabelsSayWhere() async throws {
        let manager = SwarmMachines.engine("machine1")
        for (machine, zone) in zip(SwarmMachines.names, ["east", "east", "west"]) {
            let words = ["node", "update", "--label-add", "zone=\(zone)", machine]
            try await manager.change(words, else: "\(machine) got no label")
        }
        try await withCluster(nodes: 4, backend: .swarm(SwarmOptions(spreadOver: "zone"))) { cluster in
            let machines = try await Array(cluster.nodes).asyncMap { try await machine(of: $0, in: cluster) }
            #expect(machines.filter { $0 == "machine3" }.count == 2)
        }
        let east = SwarmOptions(constraints: ["node.labels.zone==east", "node.role!=manager"])
        try await withCluster(nodes: 2, backend: .swarm(east)) { cluster in
            let machines = try await Array(cluster.nodes).asyncMap { try await machine(of: $0, in: cluster) }
            #expect(machines == ["machine2", "machine2"])
        }
    }

    @Test func secretsAreNowhereToBeSeen() async throws {
        try await withCluster(nodes: 2, backend: .swarm) { cluster in
            let key = try String(contentsOfFile: cluster[0].identityFile(for: .root), encoding: .utf8)
            let secret = try #require(key.split(separator: "\n").dropFirst(3).first)
            for machine in SwarmMachines.names {
                let engine = SwarmMachines.engine(machine)
                let containers = try await engine.ask(["ps", "--all", "--quiet"]).lines
                guard !containers.isEmpty else { continue }
                let seen = try await engine.ask(["inspect"] + containers).standardOutput
                #expect(!seen.contains(secret) && !seen.contains("PRIVATE KEY"))
            }
            let names = "/etc/ssh/ssh_host_ed25519_key /root/.cluster-fixture"
            #expect(try await cluster[0].run("cat \(names)").exitCode != 0)
        }
    }

    @Test func limitsAreTheNodesOwn() async throws {
        let limits = NodeLimits(processors: 0.5, memory: 200 << 20)
        try await withCluster(ClusterConfiguration(nodes: 2, backend: .swarm, limits: limits)) { cluster in
            for node in cluster.nodes {
                let machine = try #require(try await machine(of: node, in: cluster))
                let container = "cf-\(cluster.id)-\(node.name)"
                let told = try await SwarmMachines.engine(machine).ask(
                    ["inspect", "--format", "{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}}", container])
                #expect(told.standardOutput == "500000000 \(200 << 20)\n")
            }
        }
    }

    @Test func anotherProcessFindsTheClusterAndTakesItAway() async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(nodes: 2, backend: .swarm, name: "found"))
        let found = try await ClusterCatalog.find("found")
        #expect(found.summary.backend == "swarm")
        #expect(found.cluster.nodes.map(\.name) == ["node1", "node2"])
        #expect(try await found.cluster.states() == ["node1": .running, "node2": .running])
        #expect(try await found.cluster.execute(["hostname"], on: "node2").standardOutput == "node2\n")
        try await found.remove()
        #expect(try await SwarmMachines.traces(of: cluster.id).isEmpty)
        try await cluster.stop()
    }
}

extension Array {
    fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}

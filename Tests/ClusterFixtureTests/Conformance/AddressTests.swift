import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Every address that is handed out works with every configuration that is handed out.
@Suite(.requiresBackend, ConformanceClusters(), .timeLimit(.minutes(5)))
struct AddressTests {
    /// All that users are told of where a node is, as words of `ssh`.
    private func addresses(_ node: Node) -> [[String]] {
        [[node.name], [node.fqdn], [node.ip], ["\(node.host):\(node.port)"], ["-p", "\(node.port)", node.host]]
    }

    @Test(arguments: try await BackendUnderTest.usable(), ConnectionTests.Way.allCases)
    func aNodeIsReachedByEachOfItsAddresses(backend: BackendUnderTest, way: ConnectionTests.Way) async throws {
        let cluster = try backend.cluster
        for node in cluster.nodes {
            for address in addresses(node) {
                let words = ["-o", "BatchMode=yes"] + address + ["hostname; id -un"]
                let output = try await way.ssh(cluster, words).output()
                #expect(output.standardOutput == "\(node.name)\nubuntu\n", "\(address): \(output.complaint)")
                let root = try await way.ssh(cluster, ["-l", "root"] + address + ["id -un"]).output()
                #expect(root.standardOutput == "root\n", "\(address): \(root.complaint)")
            }
        }
        #expect(cluster[0].fqdn == "node1.\(cluster.name).test")
    }

    /// As on a machine that does not reach the nodes' addresses: such a configuration works wherever ports are published.
    @Test(arguments: try await BackendUnderTest.usable())
    func addressesWorkWherePortsAreAllThatIsReached(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        try await withTemporaryFolder { place in
            let folder = place + "/with space"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // (ssh -J itself does not get along with a space in the path behind -F.)
            let (relay, any, alone) = (folder + "/relay", place + "/ssh_config", folder + "/openssh_config")
            let keys = Dictionary(uniqueKeysWithValues: User.allCases.map { ($0, cluster[0].identityFile(for: $0)) })
            let configuration = SSHConfiguration(
                nodes: cluster.inventory.nodes.map(ProvisionedNode.init), identityFiles: keys,
                knownHostsFile: cluster.knownHostsFile, reach: .ports(relay: relay))
            try SSHConfiguration.relay.write(toFile: relay, atomically: true, encoding: .utf8)
            try configuration.openSSHText().write(toFile: alone, atomically: true, encoding: .utf8)
            for openSSHFile in [alone, folder + "/nowhere"] {
                try configuration.text(openSSHFile: openSSHFile).write(toFile: any, atomically: true, encoding: .utf8)
                for address in addresses(cluster[1]) {
                    let output = try await Command("ssh", ["-F", any] + address + ["hostname"]).output()
                    #expect(output.standardOutput == "node2\n", "\(address): \(output.complaint)")
                }
            }
            try configuration.text(openSSHFile: alone).write(toFile: any, atomically: true, encoding: .utf8)
            let far = try await Command("ssh", ["-F", any, "-J", "node1,node2", "node3", "echo $SSH_CLIENT"]).output()
            #expect(far.standardOutput.hasPrefix(cluster[1].ip + " "), "\(far.complaint)")
            // A port is the node's own, and not the one of sshd under another name.
            let other = try await Command("ssh", ["-F", any, "-p", "2222", "node2", "hostname"]).output()
            #expect(other.exitCode == 255 && other.standardError.contains("\(cluster[1].ip):2222 can't be reached"))
            let published = try await Command("ssh", ["-F", any, "-p", "8787", "node2", "hostname"]).output()
            #expect(published.exitCode == 255 && !published.standardError.contains("can't be reached"))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aNodeKnowsItsNameAndItsOneAddress(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        for node in cluster.nodes {
            let names = try await node.run("hostname; hostname -f; hostname -d; hostname -i").requireSuccess()
            #expect(names.lines == [node.name, "\(node.name).\(cluster.name).test", "\(cluster.name).test", node.ip])
            let python = "import socket; print(socket.getfqdn(), *socket.gethostbyname_ex(socket.gethostname())[2])"
            #expect(try await node.run(["python3", "-c", python]).lines == ["\(node.fqdn) \(node.ip)"])
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func nodesReachEachOtherByEachNameAndThroughEachOther(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let line =
            "ssh -o BatchMode=yes \(cluster[1].fqdn) hostname && ssh -J node2 \(cluster[2].fqdn) 'echo $SSH_CLIENT'"
        let output = try await cluster[0].run(line).requireSuccess()
        #expect(output.lines.count == 2 && output.lines[0] == "node2")
        #expect(output.lines[1].hasPrefix(cluster[1].ip + " "))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func nodesKnowTheMachineThatTheClusterIsOn(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let known = try await cluster[0].run("getent hosts host.cluster")
        guard let hostIP = cluster.hostIP else {
            #expect(known.exitCode == 2)
            return
        }
        #expect(
            known.standardOutput.split(whereSeparator: \.isWhitespace).map(String.init) == [hostIP, "host.cluster"])
        // It is this machine's.
        let own = try await Command("ip", ["-4", "-o", "address"]).output()
        #expect(own.standardOutput.contains(" \(hostIP)/"))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func theInventoryAndTheEnvironmentTellOfAll(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let inventory = try JSONDecoder().decode(Inventory.self, from: Data(cluster.inventory.json.utf8))
        #expect(inventory == cluster.inventory && inventory.hostIP == cluster.hostIP)
        let variables = Dictionary(uniqueKeysWithValues: inventory.variables.map { ($0.name, $0.value) })
        #expect(variables["CLUSTER_HOST_IP"] == cluster.hostIP)
        for node in inventory.nodes {
            let port = try #require(node.publishedPorts.first)
            #expect(port.nodePort == 8787 && port.transport == .tcp)
            #expect(variables["CLUSTER_\(node.name.uppercased())_PORT_8787"] == "\(port.port)")
            #expect(node.fqdn == "\(node.name).\(cluster.name).test")
            #expect(node.hostKeys.first == node.hostKey)
        }
    }

    /// An inventory of an earlier release lacks what was added since.
    @Test(arguments: try await BackendUnderTest.usable())
    func anEarlierInventoryIsRead(backend: BackendUnderTest) async throws {
        let added = ["hostIP", "fqdn", "hostKeys", "transport"]
        let lines = try backend.cluster.inventory.json.replacingOccurrences(
            of: #""hostKeys" : \[[^\]]*\],"#, with: "", options: .regularExpression
        ).split(separator: "\n").filter { line in !added.contains { line.contains("\"\($0)\"") } }
        let text = lines.joined(separator: "\n").replacingOccurrences(
            of: ",(\\s*[}\\]])", with: "$1", options: .regularExpression)
        let inventory = try JSONDecoder().decode(Inventory.self, from: Data(text.utf8))
        #expect(inventory.hostIP == nil)
        #expect(inventory.nodes.allSatisfy { $0.fqdn == $0.name && $0.hostKeys == [$0.hostKey] })
        #expect(inventory.nodes.allSatisfy { $0.publishedPorts.map(\.transport) == [.tcp] })
    }
}

import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What real sites have that code has to get along with.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(3))) struct SiteTests {
    private func withSite(
        _ site: Site, _ backend: BackendUnderTest, services: [any Service] = [],
        _ body: nonisolated(nonsending) (Cluster) async throws -> Void
    ) async throws {
        try await withCluster(
            ClusterConfiguration(
                roles: [.login, .compute(2)], services: services, site: site, backend: backend.choice, sudo: true),
            body)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func computeNodesAreReachedByWayOfTheLoginNode(backend: BackendUnderTest) async throws {
        try await withSite(.university, backend) { cluster in
            for node in cluster.nodes {
                // The library's own way, and everybody's.
                #expect(try await node.run("hostname").standardOutput == "\(node.name)\n")
                for name in [node.name, node.fqdn, node.ip] {
                    let output = try await Command(
                        "ssh", ["-F", cluster.sshConfigurationFile, name, "hostname; echo $SSH_CLIENT"]
                    ).output(limit: .seconds(20))
                    try #require(output.succeeded, "\(output.complaint)")
                    #expect(output.lines[0] == node.name)
                    if node.name != "login1" { #expect(output.lines[1].hasPrefix(cluster["login1"].ip + " ")) }
                }
            }
            let inventory = cluster.inventory
            #expect(inventory.nodes.map(\.proxyJump) == [nil, "login1", "login1"])
            #expect(inventory.nodes[1].host == cluster["compute1"].ip && inventory.nodes[1].port == 22)
            #expect(cluster["compute1"].proxyJump == "login1")
            #expect(try await cluster["login1"].run("ssh compute2 hostname").standardOutput == "compute2\n")
            try await withTemporaryFolder { folder in
                let words = ["-F", cluster.sshConfigurationFile, "compute2:/etc/hostname", folder + "/name"]
                let copied = try await Command("scp", words).output(limit: .seconds(20))
                try #require(copied.succeeded, "\(copied.complaint)")
                #expect(try String(contentsOfFile: folder + "/name", encoding: .utf8) == "compute2\n")
            }
            #if os(Linux)
            // The address is in a network that this machine is in. With Docker, it is published ports that come from there.
            if backend == .namespaces, cluster.hostIP != nil {
                func reaches(_ node: Node) async throws -> Bool {
                    let words = ["2", "bash", "-c", "exec 3<>/dev/tcp/\(node.ip)/22"]
                    return try await Command("timeout", words).output().succeeded
                }
                #expect(try await !reaches(cluster["compute1"]))
                #expect(try await reaches(cluster["login1"]))
            }
            #endif
        }
    }

    /// Whether one node can connect to a port of another, on which something listens.
    private func canConnect(
        _ node: Node, to target: String, _ port: Int, within limit: Int = 2
    ) async throws -> Bool {
        let line = "timeout \(limit) bash -c 'exec 3<>/dev/tcp/\(target)/\(port)'"
        return try await node.run(line).exitCode == 0
    }

    private func listen(_ node: Node, _ ports: Int...) async throws {
        for port in ports {
            let line =
                "setsid python3 -m http.server \(port) >/dev/null 2>&1 & until ss -ltn | grep -q :\(port); do sleep 0.01; done"
            try await node.run(line).requireSuccess()
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func onlyNamedPortsOfTheLoginNodeAreOpenToComputeNodes(backend: BackendUnderTest) async throws {
        try await withSite(Site(loginPorts: [22, 7000]), backend, services: [RolesTests.WebServer()]) { cluster in
            let (login, compute) = (cluster["login1"], cluster["compute1"])
            try await listen(login, 7000, 7001)
            try await listen(compute, 7001)
            #expect(try await canConnect(compute, to: "login1", 22, within: 20))
            #expect(try await canConnect(compute, to: "login1", 7000, within: 20))
            // A service's own.
            #expect(try await canConnect(compute, to: "login1", 8000, within: 20))
            #expect(try await !canConnect(compute, to: "login1", 7001))
            #expect(try await canConnect(login, to: "compute1", 7001, within: 20))
            #expect(try await canConnect(cluster["compute2"], to: "compute1", 7001, within: 20))
            #expect(try await canConnect(login, to: "login1", 7001, within: 20))
            // Answers pass, and ping.
            #expect(try await login.run("ssh compute1 hostname").standardOutput == "compute1\n")
            #expect(try await compute.run("ping -c 1 -W 2 login1").exitCode == 0)
            try await datagramsKeepToIt(login, compute)
        }
    }

    private func datagramsKeepToIt(_ login: Node, _ compute: Node) async throws {
        let server = """
            import socket, sys, threading
            def serve(port):
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", port))
                while True:
                    data, client = s.recvfrom(100); s.sendto(data, client)
            for port in (7000, 7001): threading.Thread(target=serve, args=(port,)).start()
            """
        let client = """
            import socket, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2)
            s.connect((sys.argv[1], int(sys.argv[2]))); s.send(b"x"); s.recv(10)
            """
        for node in [login, compute] {
            let line = "setsid python3 -c \"$0\" >/dev/null 2>&1 & until ss -lun | grep -q :7001; do sleep 0.01; done"
            try await node.run(["bash", "-c", line, server]).requireSuccess()
        }
        func ask(_ node: Node, _ target: String, _ port: Int) async throws -> Bool {
            try await node.run(["python3", "-c", client, target, "\(port)"]).exitCode == 0
        }
        #expect(try await ask(compute, "login1", 7000))
        #expect(try await !ask(compute, "login1", 7001))
        #expect(try await ask(login, "compute1", 7001))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aFirewallIsOnEveryNode(backend: BackendUnderTest) async throws {
        try await withSite(Site(firewall: [22]), backend) { cluster in
            for node in cluster.nodes { try await listen(node, 7001) }
            for node in cluster.nodes {
                for other in cluster.nodes {
                    #expect(try await canConnect(node, to: other.name, 22, within: 20))
                    #expect(try await canConnect(node, to: other.name, 7001) == (node == other))
                }
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.ownMachines, .thisMachine]))
    func aSecondNetworkHasAddressesOfItsOwn(backend: BackendUnderTest) async throws {
        try await withSite(Site(secondInterface: "ib0"), backend) { cluster in
            for node in cluster.nodes {
                let address = try #require(node.secondIP)
                let told = try await node.run("ip -4 -o address show dev ib0; cat /sys/class/net/ib0/operstate")
                #expect(told.standardOutput.contains(" \(address)/"), "\(told)")
                #expect(address != node.ip)
                for other in cluster.nodes {
                    let line =
                        "ssh \(other.name)-ib0 'hostname; echo $SSH_CONNECTION'; ssh \(other.secondIP ?? "") hostname"
                    let reached = try await node.run(line)
                    #expect(reached.lines.first == other.name && reached.lines.last == other.name, "\(reached)")
                    if node != other { #expect(reached.lines[1].hasPrefix("\(address) ")) }
                }
            }
            #expect(cluster.inventory.nodes.map(\.secondIP) == cluster.nodes.map(\.secondIP))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func nodesDontGetOutWhereThereIsNoWay(backend: BackendUnderTest) async throws {
        try await withSite(Site(noWayOut: true), backend) { cluster in
            // An address that is set aside for documentation (RFC 5737): what gets out is lost, what doesn't is refused at once.
            let line = "timeout 5 bash -c 'exec 3<>/dev/tcp/192.0.2.1/80'; echo $?"
            for node in cluster.nodes {
                let told = try await node.run(line)
                #expect(told.standardOutput == "1\n", "\(told)")
            }
            #expect(try await cluster[1].run("ssh compute2 hostname").standardOutput == "compute2\n")
        }
    }

    @Test(arguments: [
        (Site(loginPorts: [0]), "0 is not a port"), (Site(secondInterface: "ib 0"), "\"ib 0\""),
        (Site(secondInterface: "eth0"), "\"eth0\""),
    ])
    func sitesThatCantBeAreRefused(site: Site, message: String) async throws {
        let error = await #expect(throws: ClusterError.self) {
            try await withCluster(ClusterConfiguration(roles: [.login, .compute(1)], site: site)) { _ in }
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(message) == true, "\(error as Any)")
    }

    @Test func sitesWithALoginNodeNeedOne() async throws {
        let error = await #expect(throws: ClusterError.self) {
            try await withCluster(ClusterConfiguration(nodes: 2, site: .university)) { _ in }
        }
        #expect(error?.remedy.contains(".login") == true)
    }
}

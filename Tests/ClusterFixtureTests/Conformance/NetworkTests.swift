import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// The network between nodes, as programs on any network use theirs.
@Suite(.requiresBackend, ConformanceClusters(), .timeLimit(.minutes(5)))
struct NetworkTests {
    /// How programs find out their own address: by the route that a packet to the outside would take. None is sent.
    @Test(arguments: try await BackendUnderTest.usable())
    func aNodeFindsItsAddressByItsDefaultRoute(backend: BackendUnderTest) async throws {
        let program = """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.connect(("8.8.8.8", 80))
            print(s.getsockname()[0])
            """
        for node in try backend.cluster.nodes {
            #expect(try await node.run(["python3", "-c", program]).standardOutput == node.ip + "\n")
            #expect(try await node.run("ip -o route show default").lines.count == 1)
        }
    }

    /// Waits for a word at port 5405, and answers nothing: to a group, or to everybody.
    private static let receiver = """
        import socket, struct, sys
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("", int(sys.argv[1])))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.192.7.7") + socket.inet_aton("0.0.0.0"))
        s.settimeout(60)
        print("listening", flush=True)
        print(s.recv(100).decode(), flush=True)
        """

    private static let sender = """
        import socket, sys
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.sendto(b"word for all", (sys.argv[1], int(sys.argv[2])))
        """

    @Test(
        arguments: try await BackendUnderTest.usable(needing: [.ownMachines, .thisMachine]),
        [("a group", "239.192.7.7", 5405), ("everybody", "255.255.255.255", 5406), ("the network", "", 5407)])
    func aPacketForManyReachesAllNodes(backend: BackendUnderTest, many: (name: String, address: String, port: Int))
        async throws
    {
        let cluster = try backend.cluster
        let receivers = cluster.nodes.dropFirst()
        let file = "received-\(many.port)"
        for node in receivers {
            let line = "cat >\(file).py && (python3 \(file).py \(many.port) >\(file) 2>&1 &)"
            try await node.run(line, standardInput: Self.receiver).requireSuccess()
            #expect(try await eventually { try await node.run("cat \(file)").standardOutput == "listening\n" })
        }
        let network = try await cluster[0].run("ip -o -4 address show eth0 | sed 's/.* brd \\([0-9.]*\\) .*/\\1/'")
            .lines
        let address = many.address.isEmpty ? try #require(network.first) : many.address
        try await cluster[0].run(["python3", "-c", Self.sender, address, "\(many.port)"]).requireSuccess()
        for node in receivers {
            let received = "listening\nword for all\n"
            #expect(try await eventually { try await node.run("cat \(file)").standardOutput == received })
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func everyUserPingsAndTakesLowPorts(backend: BackendUnderTest) async throws {
        let ask = """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
            s.settimeout(20)
            s.sendto(bytes([8, 0, 0, 0, 0, 0, 0, 1]) + b"echo", ("node2", 0))
            print(s.recv(100)[8:].decode())
            """
        let take = "import socket; socket.create_server(('', 80)); print('taken')"
        let node = try backend.cluster[0]
        for user in User.allCases {
            try await node.run("ping -c 1 -W 20 node2", as: user).requireSuccess()
            #expect(try await node.run(["python3", "-c", ask], as: user).requireSuccess().standardOutput == "echo\n")
            #expect(try await node.run(["python3", "-c", take], as: user).requireSuccess().standardOutput == "taken\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func theLoopbackHasIPv6(backend: BackendUnderTest) async throws {
        let program = """
            import socket
            server = socket.create_server(("::1", 0), family=socket.AF_INET6)
            client = socket.create_connection(server.getsockname()[:2])
            print(client.getpeername()[0])
            """
        for node in try backend.cluster.nodes {
            let result = try await node.run(["python3", "-c", program])
            #expect(result.standardOutput == "::1\n", "\(result.standardError)")
        }
    }

    /// Serves one client at each node, by name, and says by which address it came.
    private static let serve = """
        import socket
        server = socket.create_server(("::", 8086), family=socket.AF_INET6)
        print("listening", flush=True)
        client, address = server.accept()
        print(address[0], flush=True)
        """

    @Test(arguments: try await BackendUnderTest.usable(needing: [.ownMachines, .thisMachine]))
    func nodesHaveIPv6AddressesIfTheyAreAskedFor(backend: BackendUnderTest) async throws {
        #expect(try backend.cluster.nodes.allSatisfy { $0.ipv6 == nil })
        try await withCluster(nodes: 2, backend: backend.choice, configure: { $0.ipv6 = true }) { cluster in
            let addresses = try cluster.nodes.map { try #require($0.ipv6) }
            #expect(addresses.allSatisfy { $0.hasPrefix("fd") && $0.hasSuffix("::11") || $0.hasSuffix("::12") })
            #expect(
                try await cluster[0].run("ip -o -6 address show scope global").standardOutput.contains(
                    addresses[0] + "/64"))
            #expect(try await cluster[0].run("getent ahostsv6 node2").standardOutput.hasPrefix(addresses[1] + " "))
            #expect(try await cluster[0].run("getent ahostsv4 node2").standardOutput.hasPrefix(cluster[1].ip + " "))
            try await cluster[0].run("ping -6 -c 1 -W 20 node2").requireSuccess()
            #expect(
                try await cluster[0].run("ssh-keygen -F \(addresses[1])").standardOutput.contains(cluster[1].hostKey))
            // Between nodes, and from this machine, where the address leads to the node whichever way there is.
            for line in ["ssh -6 node2 hostname", "ssh \(addresses[1]) hostname"] {
                #expect(try await cluster[0].run(line).standardOutput == "node2\n", "\(line)")
            }
            let words = ["-F", cluster.sshConfigurationFile, addresses[1], "hostname"]
            let output = try await Command("ssh", words).output(limit: .seconds(60))
            #expect(output.standardOutput == "node2\n", "\(output.standardError)")
            let line = "cat >serve.py && (python3 serve.py >served 2>&1 &)"
            try await cluster[1].run(line, standardInput: Self.serve).requireSuccess()
            #expect(try await eventually { try await cluster[1].run("cat served").standardOutput == "listening\n" })
            try await cluster[0].run(["bash", "-c", "exec 3<>/dev/tcp/node2/8086"]).requireSuccess()
            let served = "listening\n\(addresses[0])\n"
            #expect(try await eventually { try await cluster[1].run("cat served").standardOutput == served })
            let own = """
                import socket
                s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                s.connect(("2001:4860:4860::8888", 80))
                print(s.getsockname()[0])
                """
            #expect(try await cluster[0].run(["python3", "-c", own]).standardOutput == addresses[0] + "\n")
            #expect(cluster.inventory.nodes.map(\.ipv6) == addresses)
            #expect(cluster.inventory.variables.contains { $0 == ("CLUSTER_NODE2_IPV6", addresses[1]) })
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func addressesAreOfTheRangeThatIsAskedFor(backend: BackendUnderTest) async throws {
        let configuration = ClusterConfiguration(nodes: 2, backend: backend.choice, subnets: "10.213.0.0/16")
        try await withCluster(configuration) { cluster in
            #expect(cluster.nodes.allSatisfy { $0.ip.hasPrefix("10.213.") })
            let seen = try await cluster[0].run("ssh node2 hostname -I").standardOutput
            #expect(seen.hasPrefix(cluster[1].ip))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func theRangeCanBeNamedForAllClusters(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let ours = ["CLUSTER_FIXTURE_SUBNETS": "10.214.0.0/16"]
            let print = "echo $CLUSTER_HOSTS"
            let all = try await command.run("run", "--", "sh", "-c", print, environment: ours)
            #expect(all.standardOutput.hasPrefix("10.214."), "\(all.standardError)")
            // What is said for one cluster goes before.
            let range = "10.215.0.0/16"
            let one = try await command.run("run", "--subnets", range, "--", "sh", "-c", print, environment: ours)
            #expect(one.standardOutput.hasPrefix("10.215."), "\(one.standardError)")
        }
    }

    @Test func aRangeThatCanNotBeUsedIsRefusedBeforeAnythingStarts() async throws {
        try await CommandLine.with(nil) { command in
            let option = try await command.run("run", "--subnets", "10.215.1.0/16", "--", "true")
            #expect(option.exitCode == 64)
            #expect(option.standardError.contains("write 10.215.0.0/16"), "\(option.standardError)")
            let variable = try await command.run(
                "run", "--", "true", environment: ["CLUSTER_FIXTURE_SUBNETS": "everything"])
            #expect(variable.exitCode == 64)
            #expect(
                variable.standardError.contains("CLUSTER_FIXTURE_SUBNETS can't be used. \"everything\" is not a range"),
                "\(variable.standardError)")
            #expect(try await command.left() == [])
        }
    }
}

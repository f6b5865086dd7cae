#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// The nodes' way to all other networks, which without an engine leads nowhere, and says so.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct RouterTests {
    /// Asks many addresses, at port 80 unless another one is named, and prints how each attempt ended. 20 s without an answer is a time out.
    private static let attempts = """
        import errno, socket, sys
        port = int(sys.argv[1])
        for address in sys.argv[2:]:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                s = socket.socket(family, kind)
                s.settimeout(20)
                try:
                    s.connect((address, port))
                    if kind == socket.SOCK_DGRAM: s.send(b"?")
                    print("reached", s.recv(100))
                except OSError as error:
                    print(errno.errorcode.get(error.errno, error))
        """

    /// More than the few that a kernel's own routes would tell in a second.
    @Test func whatHasNoWayOutIsRefusedAtOnce() async throws {
        try await withCluster(backend: .namespaces, configure: { $0.ipv6 = true }) { cluster in
            let node = cluster[0]
            for user in User.allCases {
                let ipv4 = (1...30).map { "192.0.2.\($0)" }
                let told = try await node.run(["python3", "-c", Self.attempts, "80"] + ipv4, as: user)
                #expect(told.lines == Array(repeating: "ENETUNREACH", count: 60), "\(told)")
                let ipv6 = (1...30).map { "2001:db8::\($0)" }
                let told6 = try await node.run(["python3", "-c", Self.attempts, "80"] + ipv6, as: user)
                // IPv6 has no code for it that both kinds of sockets are told alike.
                #expect(told6.lines == (0..<30).flatMap { _ in ["ENETUNREACH", "EACCES"] }, "\(told6)")
            }
            for address in ["192.0.2.1", "2001:db8::1"] {
                let ping = try await node.run("ping -c 1 -W 20 \(address)")
                #expect(ping.exitCode == 1)
                #expect(ping.standardOutput.contains(address.contains(":") ? "unreachable" : "Prohibited"), "\(ping)")
            }
        }
    }

    @Test func theDefaultRouteLeadsToNoneOfThisMachinesAddresses() async throws {
        let server = """
            import socket
            s = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
            print(s.getsockname()[1])
            while True: s.accept()[0].sendall(b"reached")
            """
        let addresses = try await Command("hostname", ["-I"]).output().standardOutput
            .split(whereSeparator: \.isWhitespace).map(String.init)
        try #require(!addresses.isEmpty)
        try await PythonProgram.with(server) { server in
            let port = try #require(server.lines.first)
            for hostAccess in [false, true] {
                let configure = { @Sendable (configuration: inout ClusterConfiguration) in
                    configuration.ipv6 = true
                    configuration.hostAccess = hostAccess
                }
                try await withCluster(backend: .namespaces, configure: configure) { cluster in
                    let told = try await cluster[0].run(["python3", "-c", Self.attempts, port] + addresses, as: .root)
                    #expect(told.lines.count == 2 * addresses.count)
                    #expect(told.lines.allSatisfy { ["ENETUNREACH", "EACCES"].contains($0) }, "\(told) \(addresses)")
                }
            }
        }
    }

    /// The router is the process that holds the cluster together: who keeps it busy keeps nobody from what else it does.
    @Test func aNodeThatFloodsTheRouterDisturbsNobody() async throws {
        let flood = """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.connect(("192.0.2.1", 9))
            print("flooding", flush=True)
            while True:
                try: s.send(b"x" * 1000)
                except OSError: pass
            """
        try await withCluster(nodes: 2, backend: .namespaces) { cluster in
            try await cluster[0].run("cat >flood.py && (python3 flood.py >flooding 2>&1 &)", standardInput: flood)
                .requireSuccess()
            #expect(try await eventually { try await cluster[0].run("cat flooding").standardOutput == "flooding\n" })
            #expect(try await cluster.handle.states() == ["node1": .running, "node2": .running])
            #expect(try await cluster[1].run("hostname").standardOutput == "node2\n")
            try await cluster[0].kill()
            #expect(try await cluster.handle.states()["node2"] == .running)
            let told = try await cluster[1].run(["python3", "-c", Self.attempts, "80", "192.0.2.1", "192.0.2.2"])
            #expect(told.lines == Array(repeating: "ENETUNREACH", count: 4), "\(told)")
        }
    }

    /// What would be an answer to an answer, or one for somebody else, is none.
    @Test func theRouterAnswersOnlyQuestionsOfNodes() async throws {
        let probe = """
            import socket, struct, sys
            own, router = sys.argv[1], sys.argv[2]
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            s.bind(("eth0", 0x0800))
            s.settimeout(20)
            here = bytes.fromhex(open("/sys/class/net/eth0/address").read().strip().replace(":", ""))
            there = [l.split()[3] for l in open("/proc/net/arp") if l.split()[0] == router][0]
            there = bytes.fromhex(there.replace(":", ""))
            def checksum(data):
                total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
                while total >> 16: total = (total & 0xffff) + (total >> 16)
                return ~total & 0xffff
            def send(protocol, payload, source=own, piece=0, length=5):
                ip = struct.pack("!BBHHHBBH4s4s", 0x40 | length, 0, 20 + len(payload), 7, piece, 64, protocol, 0,
                                 socket.inet_aton(source), socket.inet_aton("192.0.2.9"))
                ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
                s.send(there + here + b"\\x08\\x00" + ip + payload)
            send(1, bytes([3, 1]) + bytes(30))             # an error
            send(17, bytes(8), piece=100)                  # not the first piece of a packet
            send(17, bytes(8), length=15)                  # shorter than it says
            send(17, bytes(8), source="203.0.113.1")       # in somebody else's name
            send(17, bytes(8), source=own.rsplit(".", 1)[0] + ".255")
            send(17, b"question")
            while True:
                frame = s.recv(2000)
                # An answer of the router's: ICMP, to this node, about the packet that it quotes.
                if frame[23] == 1 and frame[6:12] == there:
                    print(frame[34], frame[35], frame[42 + 20:42 + 28].decode("latin1"))
                    if frame.endswith(b"question"): break
            """
        try await withCluster(backend: .namespaces) { cluster in
            let node = cluster[0]
            let router = node.ip.split(separator: ".").dropLast().joined(separator: ".") + ".2"
            try await node.run("ping -c 1 -W 20 \(router)").requireSuccess()
            let told = try await node.run(["python3", "-c", probe, node.ip, router], as: .root)
            #expect(told.standardOutput == "3 9 question\n", "\(told.standardError)")
        }
    }
}
#endif

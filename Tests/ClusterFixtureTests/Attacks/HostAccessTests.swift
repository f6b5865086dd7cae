#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Services of this machine that listen on all of its addresses, and nodes that look for them.
@Suite(
    .requiresNamespaces, .enabled("an ordinary user's nodes have no way to this machine") { geteuid() == 0 },
    .timeLimit(.minutes(5)))
struct HostAccessTests {
    /// Serves one word to whoever comes, by TCP and by UDP, on a port of all addresses. Prints the port, and then what comes.
    private static let server = """
        import socket, threading
        tcp = socket.create_server(("0.0.0.0", 0))
        port = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("0.0.0.0", port))
        def answer():
            while True:
                word, client = udp.recvfrom(100)
                print(word.decode())
                udp.sendto(b"reached", client)
        threading.Thread(target=answer, daemon=True).start()
        print(port)
        while True:
            client, _ = tcp.accept()
            client.sendall(b"reached")
            client.close()
        """

    /// Asks for the word in both ways, and prints those that got it.
    private static let client = """
        import socket, sys
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            s = socket.socket(socket.AF_INET, kind)
            s.settimeout(2)
            try:
                s.connect((sys.argv[1], int(sys.argv[2])))
                if kind == socket.SOCK_DGRAM: s.send(b"?")
                print(kind.name, s.recv(100).decode())
            except OSError:
                pass
        """

    @Test func nodesReachThisMachinesServicesOnlyIfTheyMay() async throws {
        try await PythonProgram.with(Self.server) { server in
            let port = try #require(server.lines.first)
            for mayReach in [false, true] {
                try await withCluster(backend: .namespaces, configure: { $0.hostAccess = mayReach }) { cluster in
                    for host in ["host.cluster", try #require(cluster.hostIP), Self.gateway(of: cluster[0])] {
                        let words = ["python3", "-c", Self.client, host, port]
                        let reached = try await cluster[0].run(words).requireSuccess().standardOutput
                        #expect(reached == (mayReach ? "SOCK_STREAM reached\nSOCK_DGRAM reached\n" : ""))
                    }
                }
            }
        }
    }

    /// Datagrams that no socket would send: to this machine's interface, or to the cluster's router, under each of this machine's
    /// addresses, tagged and untagged.
    private static let frames = """
        import socket, struct, sys
        port, own, gateway, router = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        s.bind(("eth0", 0x0800))
        def checksum(data):
            total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
            while total >> 16: total = (total & 0xffff) + (total >> 16)
            return ~total & 0xffff
        here = open("/sys/class/net/eth0/address").read().strip().replace(":", "")
        def station(address):
            return [l.split()[3] for l in open("/proc/net/arp") if l.split()[0] == address][0].replace(":", "")
        ways = [(station(gateway), b"by hand!"), (station(router), b"by route")]
        for target, (there, payload) in [(target, way) for target in [gateway] + sys.argv[5:] for way in ways]:
            udp = struct.pack("!HHHH", 4444, port, 8 + len(payload), 0) + payload
            header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                                 socket.inet_aton(own), socket.inet_aton(target))
            header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
            for tag in (b"", b"\\x81\\x00\\x00\\x00"):
                s.send(bytes.fromhex(there) + bytes.fromhex(here) + tag + b"\\x08\\x00" + header + udp)
        print("sent")
        """

    @Test(arguments: [false, true]) func packetsMadeByHandComeNoFurther(mayReach: Bool) async throws {
        let ask = """
            import socket, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.sendto(b"the last", ("127.0.0.1", int(sys.argv[1])))
            """
        let addresses = try await Command("hostname", ["-I"]).output().standardOutput.split(separator: " ")
            .map { $0.trimmingCharacters(in: .newlines) }.filter { $0.contains(".") }
        try await PythonProgram.with(Self.server) { server in
            let port = try #require(server.lines.first)
            try await withCluster(backend: .namespaces, configure: { $0.hostAccess = mayReach }) { cluster in
                let node = cluster[0]
                // The node knows this machine's interface because that has spoken to it.
                let greeting = "exec 3<>/dev/tcp/\(node.ip)/22; head -c 7 <&3"
                #expect(try await Command("bash", ["-c", greeting]).output().standardOutput == "SSH-2.0")
                let router = "\(Self.gateway(of: node).dropLast())2"
                try await node.run("ping -c 1 -W 20 \(router)").requireSuccess()
                let ways = [Self.gateway(of: node), router]
                let words = ["python3", "-c", Self.frames, port, node.ip] + ways + addresses
                let sent = try await node.run(words, as: .root)
                #expect(sent.standardOutput == "sent\n", "\(sent.standardError)")
                _ = try await Command("python3", ["-c", ask, port]).output()
                #expect(try await eventually { server.lines.contains("the last") })
                #expect(server.lines.contains("by hand!") == mayReach)
                #expect(!server.lines.contains("by route"))
            }
        }
    }

    /// What this machine asks for, it gets: answers that come in pieces too.
    @Test func thisMachineReachesTheNodesServices() async throws {
        let server = """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("0.0.0.0", 5353))
            print("listening", flush=True)
            while True:
                word, client = s.recvfrom(100)
                s.sendto(word * 1000, client)
            """
        let client = """
            import socket, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(10)
            s.sendto(b"word", (sys.argv[1], 5353))
            print(len(s.recv(65535)))
            """
        try await withCluster(backend: .namespaces) { cluster in
            let node = cluster[0]
            try await node.run("cat >server.py && (python3 server.py >ready 2>&1 &)", standardInput: server)
                .requireSuccess()
            #expect(try await eventually { try await node.run("cat ready").standardOutput == "listening\n" })
            #expect(try await Command("python3", ["-c", client, node.ip]).output().standardOutput == "4000\n")
        }
    }

    private static func gateway(of node: Node) -> String {
        node.ip.split(separator: ".").dropLast().joined(separator: ".") + ".1"
    }
}
#endif

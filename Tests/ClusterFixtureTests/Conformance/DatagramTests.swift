import ClusterEmulation
import FixtureTestSupport
import Testing

/// Published ports of UDP.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct DatagramTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func datagramsReachANodeAndAnswersComeBack(backend: BackendUnderTest) async throws {
        let port = PublishedPort(5353, .udp)
        try await withCluster(nodes: 2, backend: backend.choice, configure: { $0.ports = [port, 5353] }) { cluster in
            let answering = """
                import socket
                server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                server.bind(("0.0.0.0", 5353))
                while True:
                    text, client = server.recvfrom(2048)
                    server.sendto(socket.gethostname().encode() + b" " + text, client)
                """
            let asking = """
                import socket, sys
                client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                client.settimeout(1)
                client.sendto(b"hello", (sys.argv[1], int(sys.argv[2])))
                print(client.recv(2048).decode())
                """
            for node in cluster.nodes {
                try await node.run(
                    "cat >/tmp/server.py; (python3 /tmp/server.py >/dev/null 2>&1 &)", standardInput: answering
                ).requireSuccess()
                let published = try #require(node.publishedUDPPorts[5353])
                #expect(node.publishedPorts[5353] != nil)
                // The server may not be there yet, and nobody is told of a datagram that is lost.
                #expect(
                    try await eventually {
                        try await Command("python3", ["-c", asking, node.host, "\(published)"]).output().standardOutput
                            == "\(node.name) hello\n"
                    })
            }
        }
    }
}

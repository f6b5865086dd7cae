import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// Connections from this machine to servers on the nodes.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct PublishedPortTests {
    /// Sends back what it gets, at the pace of the one who sends, on any number of addresses.
    private static let echo = """
        import socket, sys, threading
        def serve(client):
            while data := client.recv(65536): client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        def listen(address):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            server = socket.create_server((address, 8787), family=family, dualstack_ipv6=address == "::")
            print("listening", flush=True)
            while True: threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
        listen(sys.argv[1])
        """

    /// Sends and receives at the same time, through one connection; neither waits for the other.
    private static let exchange = """
        import hashlib, os, socket, sys, threading
        block, count = os.urandom(1 << 20), int(sys.argv[2])
        with socket.create_connection((sys.argv[3], int(sys.argv[1]))) as server:
            def send():
                for _ in range(count): server.sendall(block)
                server.shutdown(socket.SHUT_WR)
            sender = threading.Thread(target=send)
            sender.start()
            received, length = hashlib.sha256(), 0
            while data := server.recv(1 << 16):
                received.update(data)
                length += len(data)
            sender.join()
        sent = hashlib.sha256(block * count)
        print(length == count << 20 and received.digest() == sent.digest())
        """

    private func withEcho(
        on address: String, _ backend: BackendUnderTest, _ body: @Sendable @escaping (Node, Int) async throws -> Void
    ) async throws {
        try await withCluster(ClusterConfiguration(backend: backend.choice, ports: [8787])) { cluster in
            let node = cluster[0]
            let words = ["python3", "-c", Self.echo, address == "ip" ? node.ip : address]
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await cluster.handle.execute(words, on: node.name) }
                group.addTask {
                    let port = try #require(node.publishedPorts[8787])
                    let listens = try await eventually {
                        try await node.run("ss -Htln 'sport = 8787'").standardOutput.contains("8787")
                    }
                    #expect(listens)
                    try await body(node, port)
                }
                defer { group.cancelAll() }
                try await group.next()
                // The server ends with the cluster.
            }
        }
    }

    private func exchange(_ node: Node, _ port: Int, mebibytes: Int) async throws -> CommandOutput {
        try await Command("python3", ["-c", Self.exchange, "\(port)", "\(mebibytes)", node.host]).output(
            limit: .seconds(120))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func bigStreamsInBothDirectionsArriveWhole(backend: BackendUnderTest) async throws {
        try await withEcho(on: "0.0.0.0", backend) { node, port in
            try await withThrowingTaskGroup(of: CommandOutput.self) { group in
                for _ in 0..<5 { group.addTask { try await exchange(node, port, mebibytes: 100) } }
                for try await output in group { #expect(output.standardOutput == "True\n", "\(output.standardError)") }
            }
        }
    }

    /// With Docker, a server on `::1` alone is not reached: that is the engine's way. On a Swarm, visitors come by another network than the
    /// cluster's, so that one on the node's ip alone is not reached either.
    @Test(arguments: try await BackendUnderTest.usable(), ["127.0.0.1", "ip", "::1", "0.0.0.0", "::"])
    func aServerIsReachedWhicheverAddressItListensOn(backend: BackendUnderTest, address: String) async throws {
        try await withEcho(on: address, backend) { node, port in
            let output = try await exchange(node, port, mebibytes: 1)
            let unreached: [BackendUnderTest: Set<String>] = [.docker: ["::1"], .swarm: ["::1", "ip"]]
            let isReached = unreached[backend]?.contains(address) != true
            #expect((output.standardOutput == "True\n") == isReached, "\(output.standardError)")
        }
    }

    /// A published port is this machine's: to other nodes, a server on a node's loopback is not there.
    @Test(arguments: try await BackendUnderTest.usable())
    func aLoopbackServerStaysHiddenFromOtherNodes(backend: BackendUnderTest) async throws {
        try await withCluster(ClusterConfiguration(nodes: 2, backend: backend.choice, ports: [8787])) { cluster in
            let serve = "(python3 -m http.server --bind 127.0.0.1 8787 >/dev/null 2>&1 &) ; sleep 0"
            try await cluster[0].run(serve).requireSuccess()
            #expect(try await eventually { try await cluster[0].run("ss -Htln 'sport = 8787'").lines.count == 1 })
            let connect = """
                import socket, sys
                for address in sys.argv[1:]:
                    try: socket.create_connection((address, 8787), 2).close(); print("open")
                    except OSError: print("closed")
                """
            let seen = try await cluster[1].run(["python3", "-c", connect, cluster[0].ip, "127.0.0.1"])
            #expect(seen.standardOutput == "closed\nclosed\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aPortWithoutAServerIsClosedAtOnce(backend: BackendUnderTest) async throws {
        try await withCluster(ClusterConfiguration(backend: backend.choice, ports: [8787])) { cluster in
            let port = try #require(cluster[0].publishedPorts[8787])
            let refused = try await exchange(cluster[0], port, mebibytes: 1)
            #expect(refused.standardOutput != "True\n", "\(refused)")
        }
    }
}

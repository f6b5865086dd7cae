import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Real traffic between the nodes of a cluster. What the test itself says to a node does not go over the cluster's network.
struct Traffic {
    let cluster: Cluster

    /// Puts what sends and receives on the nodes.
    init(on cluster: Cluster) async throws {
        self.cluster = cluster
        for node in cluster.nodes {
            try await node.run("cat >/root/traffic.py", as: .root, standardInput: Self.program).requireSuccess()
        }
    }

    /// For each node those whose datagrams reach it, of all that are running.
    func heard(_ nodes: [Node]? = nil) async throws -> [String: Set<String>] {
        let nodes = nodes ?? cluster.nodes
        for node in nodes { try await collect(on: node) }
        for node in nodes {
            for other in nodes where other != node { try await send(5, from: node, to: other.ip, as: node.index) }
        }
        var heard: [String: Set<String>] = [:]
        for node in nodes {
            heard[node.name] = Set(try await collected(on: node).map { cluster[$0 % 1000].name })
        }
        return heard
    }

    /// Sends numbered datagrams from one node to another, and says which of them come, in that order.
    func numbers(_ count: Int, from node: Node, to other: Node, address: String? = nil) async throws -> [Int] {
        // Whoever is not known yet is found before it counts.
        try await collect(on: other)
        try await send(count, from: node, to: address ?? other.ip)
        return try await collected(on: other).map { $0 / 1000 }
    }

    /// Lets nodes remember for good whom they know, or forget them after some time, as they do by themselves.
    func remember(_ forGood: Bool) async throws {
        let line =
            "ip -4 neighbour show dev eth0 | awk '$2 == \"lladdr\" { print $1, $3 }' | while read ip station; do "
            + "ip neighbour replace $ip lladdr $station dev eth0 nud \(forGood ? "permanent" : "stale"); done"
        for node in cluster.nodes { try await node.run(line, as: .root).requireSuccess() }
    }

    func collect(on node: Node) async throws {
        let line =
            "setsid python3 traffic.py collect >collected 2>&1 & until ss -Hlun | grep -q :7100; do sleep 0.01; done"
        try await node.run(line, as: .root).requireSuccess()
    }

    func send(_ count: Int, from node: Node, to address: String, as sender: Int = 0) async throws {
        try await node.run("python3 traffic.py send \(address) \(count) \(sender)", as: .root).requireSuccess()
    }

    /// What is under way has come by the time that the collector is told to end, since that is after a second login's worth of work.
    func collected(on node: Node, after delay: Double = 0) async throws -> [Int] {
        let line =
            "python3 traffic.py end \(delay); while pgrep -f 'traffic.py [c]ollect' >/dev/null; do sleep 0.01; done; cat collected"
        return try await node.run(line, as: .root).requireSuccess().lines.compactMap { Int($0) }
    }

    /// How many bytes of a packet that may not be cut get an answer, with what `ping` says.
    func ping(_ node: Node, _ address: String, _ options: String = "") async throws -> CommandResult {
        try await node.run("ping -n -c 1 -W 2 \(options) \(address)", as: .root)
    }

    /// A connection that is open as long as the cluster: every ten milliseconds a word goes there and comes back. `answers` counts them.
    func talk(from node: Node, to other: Node) async throws {
        try await other.run(
            "setsid python3 traffic.py echo >/dev/null 2>&1 & until ss -Hltn | grep -q :7101; do sleep 0.01; done",
            as: .root
        ).requireSuccess()
        try await node.run("setsid python3 traffic.py talk \(other.ip) >/root/answers 2>/dev/null &", as: .root)
            .requireSuccess()
        #expect(try await eventually { try await answers(on: node) > 0 })
    }

    func answers(on node: Node) async throws -> Int {
        Int(
            try await node.run("wc -l </root/answers", as: .root).standardOutput.trimmingCharacters(
                in: .whitespacesAndNewlines))
            ?? 0
    }

    private static let program = """
        import socket, struct, sys, time

        def udp(port=0):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            s.bind(("", port))
            return s

        def collect():
            s = udp(7100)
            while True:
                data, sender = s.recvfrom(2048)
                number, = struct.unpack("!q", data[:8])
                if number < 0 and sender[0] == "127.0.0.1": return
                print(number)

        def send(host, count, sender):
            s = udp()
            for number in range(int(count)):
                # No more at once than any socket holds.
                if number % 50 == 49: time.sleep(0.005)
                s.sendto(struct.pack("!q", number * 1000 + int(sender)) + bytes(56), (host, 7100))

        def end(delay):
            time.sleep(float(delay))
            udp().sendto(struct.pack("!q", -1), ("127.0.0.1", 7100))

        def echo():
            server = socket.create_server(("", 7101))
            while True:
                client, _ = server.accept()
                while data := client.recv(2048): client.sendall(data)

        def talk(host):
            s = socket.create_connection((host, 7101))
            while True:
                s.sendall(b"x")
                if not s.recv(1): return
                print("x", flush=True)
                time.sleep(0.01)

        {f.__name__: f for f in (collect, send, end, echo, talk)}[sys.argv[1]](*sys.argv[2:])

        """
}

/// Mininet: N hosts, which are network namespaces, on one Linux bridge without a controller; each runs sshd.
///
/// The bridge gets an address, by which this process reaches the hosts.
final class Mininet: Contender {
    let name = "Mininet"
    private let workshop: Workshop
    private let peer: Peer

    private static let python = "/usr/bin/python3"
    private static let subnet = "198.19.253.0/24"

    init(_ workshop: Workshop) {
        self.workshop = workshop
        peer = Peer {
            [Self.python, Peer.script("mininet_peer.py"), workshop.bridge, Self.subnet] + SSHServer.command(workshop)
        }
    }

    func whyNot() -> String? {
        if let reason = Machine.needsRoot ?? SSHServer.whyNot { return reason }
        let commands = [[Self.python, "-c", "import mininet.nodelib"], ["brctl", "show"]]
        return commands.allSatisfy(Machine.succeeds)
            ? nil : "Mininet or bridge-utils is not installed: \(Machine.peers)"
    }

    func setUp(nodes: Int) async throws -> Times {
        guard nodes <= 250 else { throw Failure("\(Self.subnet) has no room for \(nodes) hosts") }
        try peer.start()
        var stopwatch = Stopwatch()
        try SSHClient(user: "root", key: workshop.key).reach(peer.up(nodes), &stopwatch)
        return stopwatch.times
    }

    func tearDown() async throws { try peer.down() }
}

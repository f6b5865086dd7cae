/// testcontainers-python: N containers started and stopped in threads, port 22 exposed.
///
/// Its own reaper, Ryuk, is switched off: it is an image from a registry, and one container more.
final class Testcontainers: Contender {
    let name = "testcontainers-python"
    private let workshop: Workshop
    private let peer: Peer

    private static let python = Machine.benchmarks + "/.peers/bin/python"

    init(_ workshop: Workshop) {
        self.workshop = workshop
        peer = Self.peer(workshop)
    }

    static func peer(_ workshop: Workshop) -> Peer {
        Peer { [python, Peer.script("testcontainers_peer.py"), try workshop.image(), workshop.label] }
    }

    func whyNot() -> String? {
        if let reason = DockerEngine.whyNot { return reason }
        let isThere = Machine.succeeds([Self.python, "-c", "import testcontainers.core.container"])
        return isThere ? nil : "testcontainers is not installed: \(Machine.peers)"
    }

    func setUp(nodes: Int) async throws -> Times {
        try peer.start()
        var stopwatch = Stopwatch()
        try SSHClient(user: "ubuntu", key: workshop.key).reach(peer.up(nodes), &stopwatch)
        return stopwatch.times
    }

    func tearDown() async throws { try peer.down() }
}

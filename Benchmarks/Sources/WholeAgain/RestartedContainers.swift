/// testcontainers-python, whose containers are restarted, as users of it do between tests.
final class RestartedContainers: Contender {
    let name = "testcontainers-python"
    private let workshop: Workshop
    private let peer: Peer

    init(_ workshop: Workshop) {
        self.workshop = workshop
        peer = Testcontainers.peer(workshop)
    }

    func whyNot() -> String? { Testcontainers(workshop).whyNot() }

    func setUp(nodes: Int) async throws -> Times {
        try peer.start()
        let client = SSHClient(user: "ubuntu", key: workshop.key)
        var stopwatch = Stopwatch()
        try client.reach(peer.up(nodes), &stopwatch)
        var times = stopwatch.times
        stopwatch = Stopwatch()
        try client.reach(peer.restart(nodes), &stopwatch)
        times[.resetBanners] = stopwatch.times[.banners]
        times[.reset] = stopwatch.times[.ready]
        return times
    }

    func tearDown() async throws { try peer.down() }
}

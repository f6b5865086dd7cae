import ClusterEmulation
import FixtureTestSupport
import Testing

@Suite struct BannerWatchTests {
    private func watch(_ ports: Int...) throws -> BannerWatch {
        let watch = BannerWatch(ports.map { ("127.0.0.1", $0) })
        try watch.start()
        return watch
    }

    @Test(.timeLimit(.minutes(1))) func aBannerIsRead() async throws {
        let server = try Listener(.say("SSH-2.0-Test_1.0 comment\r\n"))
        defer { withExtendedLifetime(server) {} }
        let watch = try watch(server.port)
        defer { watch.stop() }
        try await watch.allBanners()
        #expect(watch.states == [.banner("SSH-2.0-Test_1.0 comment")])
    }

    @Test(.timeLimit(.minutes(1))) func aServerThatComesUpLateIsFound() async throws {
        let port = try Listener(.hangUp).port
        let watch = try watch(port)
        defer { watch.stop() }
        #expect(try await eventually { watch.states == [.noConnection(cause: "Connection refused")] })
        let server = try Listener(.say("SSH-2.0-Late\r\n"), port: port)
        try await watch.allBanners()
        #expect(server.port == port)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (Listener.Manner.hangUp, "the connection was closed before a banner came"),
            (.say("HTTP/1.1 400 Bad Request\r\n"), "the server does not speak SSH"),
            (.keepSilent, "it accepts connections but sends no banner"),
        ])
    func aPortThatAcceptsIsNotReadyYet(manner: Listener.Manner, cause: String) async throws {
        let server = try Listener(manner)
        defer { withExtendedLifetime(server) {} }
        let watch = try watch(server.port)
        defer { watch.stop() }
        #expect(try await eventually { watch.states == [.noBanner(cause: cause)] })
    }

    @Test(.timeLimit(.minutes(1))) func oneSilentServerHidesNoOther() async throws {
        let silent = try Listener(.keepSilent)
        let server = try Listener(.say("SSH-2.0-Second\r\n"))
        defer { withExtendedLifetime((silent, server)) {} }
        let watch = try watch(silent.port, server.port)
        defer { watch.stop() }
        #expect(try await eventually { watch.states[1] == .banner("SSH-2.0-Second") })
        #expect(watch.states[0] != .banner("SSH-2.0-Second"))
    }

    @Test(.timeLimit(.minutes(1))) func stoppingEndsTheWait() async throws {
        let silent = try Listener(.keepSilent)
        defer { withExtendedLifetime(silent) {} }
        let watch = try watch(silent.port)
        let waiting = Task { try await watch.allBanners() }
        watch.stop()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}

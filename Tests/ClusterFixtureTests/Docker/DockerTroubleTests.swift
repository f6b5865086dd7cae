import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Bad luck with an engine: one clear sentence each, and nothing left.
@Suite(.requiresDocker, .timeLimit(.minutes(5)))
struct DockerTroubleTests {
    private func failure(_ configuration: ClusterConfiguration) async throws -> ClusterError {
        var configuration = configuration
        configuration.name = "trouble-" + String(Int.random(in: 100_000..<999_999))
        let error = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
        let left = try await BackendUnderTest.docker.choice.resolve().clusters(includingRemains: true).map(
            \.summary.name)
        #expect(!left.contains(configuration.name ?? ""))
        return error
    }

    @Test func anUnknownImageIsNamed() async throws {
        let error = try await failure(.init(image: .named("cluster-fixture.invalid/no-such-image:1"), backend: .docker))
        #expect(error.code == .imageUnavailable)
        #expect(
            error.message.hasPrefix(
                "The image cluster-fixture.invalid/no-such-image:1 is not on the engine and could not be pulled:"))
        #expect(!error.message.contains("\n"))
    }

    @Test(arguments: ["", "--privileged", "two words"]) func whatIsNoImageNameIsRefused(name: String) async throws {
        #expect(try await failure(.init(image: .named(name), backend: .docker)).code == .invalidConfiguration)
    }

    @Test func aFailingStepsOutputIsShown() async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/Dockerfile"
            try "FROM debian:trixie-slim\nRUN echo about to fail \(folder) && exit 9\n"
                .write(toFile: file, atomically: true, encoding: .utf8)
            let error = try await failure(.init(image: .dockerfile(file, context: folder), backend: .docker))
            #expect(error.code == .imageUnavailable)
            #expect(error.message.contains("The image \(file) could not be built"))
            #expect(error.log.contains("about to fail"))
            #expect(error.log.contains("9"))
        }
    }

    @Test func aMissingDockerfileIsNamed() async throws {
        let error = try await failure(
            .init(image: .dockerfile("/no/such/Dockerfile", context: "/tmp"), backend: .docker))
        #expect(error.message.contains("there is no file /no/such/Dockerfile"))
    }

    @Test func anImageOfAnotherKindSaysWhatItLacks() async throws {
        let error = try await failure(.init(image: .named("debian:trixie-slim"), backend: .docker))
        #expect(error.message.contains("node1"))
        #expect(error.message.contains("--configure"))
    }

    @Test func aPublishedPortThatIsInUseIsNamed() async throws {
        let listener = try Listener(.keepSilent)
        defer { withExtendedLifetime(listener) {} }
        let error = try await failure(.init(backend: .docker, ports: [PublishedPort(8787, on: listener.port)]))
        #expect(error.code == .provisioningFailed)
        #expect(error.message.contains("node1 could not be started"))
        #expect(error.message.contains("\(listener.port)"))
        #expect(!error.message.contains("\n"))
    }

    @Test func anEngineThatIsNotThereSaysWhatToDo() async throws {
        let error = try await #require(throws: ClusterError.self) {
            try await Cluster.start(.init(backend: .docker(host: "unix:///no/such/engine.sock")))
        }
        #expect(error.code == .backendUnavailable)
        #expect(error.message.hasPrefix("The docker backend can't run here:"))
        #expect(error.message.contains("/no/such/engine.sock"))
        #expect(error.remedy.contains("apt-get install docker.io"))
    }

    @Test(arguments: ["/networks/create", "/containers/create", "/start"])
    func anEngineThatStopsAnsweringHalfWayIsGivenUp(request: String) async throws {
        let name = "hanging-" + String(Int.random(in: 100_000..<999_999))
        try await HangingEngine.with(stoppingAt: request) { hanging in
            let choice = BackendChoice.custom("hanging \(name)") {
                DockerBackend(DockerEngine(host: hanging.host, patience: .seconds(2)))
            }
            let error = try await #require(throws: ClusterError.self) {
                try await Cluster.start(.init(nodes: 2, backend: choice, name: name))
            }
            #expect(error.code == .timedOut)
            #expect(error.message.contains("did not answer"))
            #expect(error.message.contains("within 2 s"))
            // The engine carries out late what it was asked for; the reaper has stayed to take it away.
            try hanging.answerAgain()
            let backend = DockerBackend(DockerEngine())
            let isGone = try await eventually {
                let names = try await backend.clusters(includingRemains: true).map(\.summary.name)
                return try !names.contains(name) && ProcessTable.commandLines(containing: hanging.host).isEmpty
            }
            #expect(isGone)
        }
    }

    /// What an engine has when it dies is there when it comes back, and found by the label.
    private func expectRemains(of name: String) async throws {
        let backend = DockerBackend(DockerEngine())
        let remains = try await backend.clusters(includingRemains: true).filter { $0.summary.name == name }
        #expect(remains.count == 1)
        for cluster in remains { try await cluster.destroy() }
        #expect(try await !backend.clusters(includingRemains: true).contains { $0.summary.name == name })
    }

    @Test(arguments: ["/containers/create", "/start"])
    func anEngineThatDiesWhileAClusterStartsIsNamed(request: String) async throws {
        let name = "dying-" + String(Int.random(in: 100_000..<999_999))
        // The question whether the image is there comes before anything else: it would be what the engine dies of.
        _ = try await DockerImages(engine: DockerEngine()).ensure(.node, timeline: Timeline(Progress()))
        try await HangingEngine.with(stoppingAt: request, dying: true) { dying in
            let choice = BackendChoice.custom("dying \(name)") { DockerBackend(DockerEngine(host: dying.host)) }
            let error = try await #require(throws: ClusterError.self) {
                try await Cluster.start(.init(nodes: 2, backend: choice, name: name))
            }
            #expect(error.code == .provisioningFailed)
            #expect(error.message.contains("onnect") && error.message.contains("docker"), "\(error)")
            #expect(!error.message.contains("\n"))
            // The reaper has tried, and has ended.
            let isGone = try await eventually { try ProcessTable.commandLines(containing: dying.host).isEmpty }
            #expect(isGone)
        }
        try await expectRemains(of: name)
    }

    @Test func anEngineThatDiesWhileAClusterIsRemovedIsNamed() async throws {
        let name = "dying-" + String(Int.random(in: 100_000..<999_999))
        try await HangingEngine.with(stoppingAt: "DELETE", dying: true) { dying in
            let choice = BackendChoice.custom("dying \(name)") { DockerBackend(DockerEngine(host: dying.host)) }
            let cluster = try await Cluster.start(.init(nodes: 2, backend: choice, name: name))
            let error = try await #require(throws: ClusterError.self) { try await cluster.stop() }
            #expect(error.code == .teardownFailed)
            #expect(error.message.hasPrefix("Cluster \(name) could not be removed: "))
            #expect(error.message.contains("onnect") && !error.message.contains("\n"), "\(error)")
            #expect(error.remedy.contains("docker"))
        }
        try await expectRemains(of: name)
    }
}

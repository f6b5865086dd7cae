import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// What is made of an engine's answers that the engine of these tests does not give: a program in its place gives them.
@Suite(.timeLimit(.minutes(1))) struct DockerAnswersTests {
    private func withEngine(
        _ script: String, _ body: (DockerEngine, _ folder: String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try Workspace.write("#!/bin/sh\n" + script, to: folder + "/engine", mode: 0o700)
            try await body(DockerEngine(command: folder + "/engine"), folder)
        }
    }

    /// The words of Docker 29's command.
    private static let unreached = """
        echo 'failed to connect to the docker API at unix:///run/docker.sock; check if the path is correct and if the daemon is running:' \
            'dial unix /run/docker.sock: connect: no such file or directory' >&2
        exit 1
        """

    @Test func whoDoesNotAnswerHasNotSaidThatThereIsNoImage() async throws {
        try await withEngine(Self.unreached) { engine, _ in
            let error = try await #require(throws: ClusterError.self) {
                try await DockerImages(engine: engine).identifier(of: "debian")
            }
            #expect(
                error.message.hasPrefix("The engine does not say whether it has the image debian: failed to connect"))
        }
        try await withEngine("echo 'Error response from daemon: No such image: debian:latest' >&2; exit 1") {
            engine, _ in
            let identifier = try await DockerImages(engine: engine).identifier(of: "debian")
            #expect(identifier == nil)
        }
    }

    @Test func whoDoesNotAnswerHasNotSaidThatThereIsNoFile() async throws {
        let plan = try ClusterPlan(ClusterConfiguration(nodes: 1))
        try await withEngine(Self.unreached) { engine, folder in
            let cluster = DockerCluster(engine: engine, summary: ClusterSummary(plan, backend: "docker"))
            let error = try await #require(throws: ClusterError.self) {
                _ = try await DockerArchive(folder + "/archive").pack("/etc/file", on: "node1", of: cluster)
            }
            #expect(error.code == .transferFailed)
        }
        let missing = "echo 'Error response from daemon: Could not find the file /etc/file in container c' >&2; exit 1"
        try await withEngine(missing) { engine, folder in
            let cluster = DockerCluster(engine: engine, summary: ClusterSummary(plan, backend: "docker"))
            let isThere = try await DockerArchive(folder + "/archive").pack("/etc/file", on: "node1", of: cluster)
            #expect(!isThere)
        }
    }

    /// Docker 29 takes limits of disks and does not keep them, unless its storage is that of before.
    @Test(arguments: [
        (#"[["driver-type","io.containerd.snapshotter.v1"]]"#, true), (#"[["Supports d_type","true"]]"#, false),
    ])
    func limitsOfDisksThatWouldNotBeKeptAreRefused(status: String, isRefused: Bool) async throws {
        let nodes = try ClusterPlan(ClusterConfiguration(nodes: 1, limits: NodeLimits(disk: 1 << 30))).nodes
        try await withEngine("echo '\(status)'") { engine, _ in
            let error: ClusterError?
            do {
                try await engine.requireDiskLimits(of: nodes)
                error = nil
            } catch let refusal as ClusterError { error = refusal }
            #expect((error != nil) == isRefused)
            #expect(error?.message.contains("node1 can't have a disk of its own size") ?? true)
        }
    }

    /// Podman's packages have a link there, whether or not anything listens, and a command `docker` that needs no socket.
    @Test func aLinkToNoSocketDoesNotSayThatThereIsNoEngine() async throws {
        try await withTemporaryFolder { folder in
            let link = folder + "/docker.sock"
            #expect(DockerEngine(command: "docker", host: "unix://" + link).missingSocket == link)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder + "/podman.sock")
            #expect(DockerEngine(command: "docker", host: "unix://" + link).missingSocket == nil)
        }
    }

    /// As where `BUILDX_BUILDER` names a builder in a container of its own.
    @Test func anImageThatWasBuiltElsewhereIsMissed() async throws {
        let script = """
            case $1 in build) [ -z "$BUILDX_BUILDER" ] ;; *) echo "No such image: $4" >&2; exit 1 ;; esac
            """
        try await withEngine(script) { engine, folder in
            try "FROM scratch".write(toFile: folder + "/Dockerfile", atomically: true, encoding: .utf8)
            let image = NodeImage.dockerfile(folder + "/Dockerfile", context: folder)
            let error = try await #require(throws: ClusterError.self) {
                _ = try await DockerImages(engine: engine).ensure(image, timeline: Timeline())
            }
            #expect(error.message.contains("but the engine has not got it"), "\(error)")
        }
    }
}

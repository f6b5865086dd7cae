import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// A base image that has an `ubuntu` user already keeps it, but no start-up file that prints.
@Suite(.requiresDocker, .timeLimit(.minutes(10)))
struct BaseImageTests {
    @Test func anUbuntuUserThatExistsIsKeptWithoutItsGreeting() async throws {
        let engine = DockerEngine()
        try await withTemporaryFolder { folder in
            let base = "cluster-fixture-test/base:" + String(Int.random(in: 100_000..<999_999))
            let node = try await DockerImages(engine: engine).ensure(.node, timeline: Timeline(Progress()))
            // The node image with another ubuntu user: what comes with apt and an account of its own, without a long
            // build.
            try """
            FROM \(node)
            RUN userdel ubuntu && useradd --uid 1234 --create-home --home-dir /home/kept --shell /bin/bash ubuntu
            RUN echo "echo a greeting" >>/home/kept/.bashrc
            ENTRYPOINT []
            """.write(toFile: folder + "/Dockerfile", atomically: true, encoding: .utf8)
            let built = try await engine.ask(["build", "--tag", base, folder], within: .seconds(300))
            #expect(built.exitCode == 0, "\(built.standardError)")
            let image = NodeImage.node(basedOn: base)
            try await withCluster(image: image, backend: .docker) { cluster in
                let account = try await cluster[0].run("id -u; echo $HOME")
                #expect(account.standardOutput == "1234\n/home/kept\n")
                #expect(try await cluster[0].run("ssh localhost id -un").standardOutput == "ubuntu\n")
            }
            let tag = try await DockerImages(engine: engine).ensure(image, timeline: Timeline(Progress()))
            for name in [tag, base] { #expect(try await engine.ask(["rmi", "--force", name]).exitCode == 0) }
        }
    }
}

#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Images of a Dockerfile without an engine.
@Suite(.requiresNamespaces, .timeLimit(.minutes(10)))
struct DockerfileTests {
    @Test(.requiresRoot) func withoutBuildahItIsSaidWhatToInstall() async throws {
        try await withTemporaryFolder { folder in
            try "FROM scratch\n".write(toFile: folder + "/Dockerfile", atomically: true, encoding: .utf8)
            // Where it is there, it is hidden.
            let hiding = """
                program=$(command -v buildah) && mount --bind /dev/null "$program"
                exec "$@"
                """
            let words = [CommandLine.path, "build", "--backend", "namespaces", "--image", folder + "/Dockerfile"]
            let said = try await Command(
                "unshare", ["--mount", "sh", "-c", hiding, "sh"] + words,
                environment: ["TMPDIR": folder, "XDG_CACHE_HOME": folder + "/cache"]
            ).output()
            #expect(said.exitCode == 70)
            #expect(said.standardError.contains("buildah, which is not on this machine"), "\(said.standardError)")
            #expect(said.standardError.contains("apt-get install buildah"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/cache/cluster-fixture/layers"))
        }
    }

    /// No registry is asked: the Dockerfile begins with nothing, and adds the files of a node.
    @Test(
        .requiresRoot, .enabled("buildah is not on this machine") { ProgramPath.find("buildah") != nil })
    func aDockerfileIsBuiltByBuildah() async throws {
        try await withTemporaryFolder { folder in
            let context = folder + "/context"
            try FileManager.default.createDirectory(atPath: context, withIntermediateDirectories: true)
            try await withCluster(backend: .namespaces) { cluster in
                let line = """
                    tar --create --file /tmp/root.tar --one-file-system --exclude './tmp/*' --exclude './usr/share/doc' \
                        --exclude './usr/share/locale' --exclude './usr/share/man' --directory / .
                    """
                try await cluster[0].run(line, as: .root).requireSuccess()
                try await cluster[0].download(from: "/tmp/root.tar", to: context + "/root.tar")
            }
            try "FROM scratch AS base\nADD root.tar /\nFROM base\nRUN echo built >/etc/mark\n"
                .write(toFile: context + "/Dockerfile", atomically: true, encoding: .utf8)
            let before = try await Command("buildah", ["images", "--quiet"]).output().standardOutput
            // The same isolation wherever the tests run; the program gets it as buildah's users say it.
            let words = ["run", "--image", context + "/Dockerfile", "--", "ssh", "node1", "cat /etc/mark; hostname"]
            let variables = [
                "TMPDIR": folder, "XDG_CACHE_HOME": folder + "/cache", "BUILDAH_ISOLATION": "chroot",
                "CLUSTER_FIXTURE_BACKEND": "namespaces",
            ]
            let built = try await Command(CommandLine.path, words, environment: variables).output(limit: .seconds(400))
            #expect(built.standardOutput == "built\nnode1\n", "\(built.standardError)")
            #expect(built.standardError.contains("building the image"))
            #expect(try await Command("buildah", ["images", "--quiet"]).output().standardOutput == before)
            #expect(try await Command("buildah", ["containers", "--quiet"]).output().standardOutput == "")
        }
    }
}
#endif

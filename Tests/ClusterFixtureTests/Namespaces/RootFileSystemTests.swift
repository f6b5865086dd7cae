#if os(Linux)
import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// Nodes that stand on a root file system of the user's own.
@Suite(.requiresNamespaces, .timeLimit(.minutes(10)))
struct RootFileSystemTests {
    /// An image of the engine's is the quickest to come by.
    @Test(.requiresDocker) func anExportedImageIsARootFileSystem() async throws {
        try await withTemporaryFolder { folder in
            let archive = folder + "/root.tar"
            let script = """
                container=$(docker create "$2" true)
                docker export --output "$1" "$container"
                docker rm "$container" >/dev/null
                mkdir "$3" && echo mine >"$3/mark"
                tar --append --file "$1" --directory "$3/.." --transform 's,^,srv/,' "$(basename "$3")"
                """
            let words = ["-ec", script, "export", archive, "debian:trixie-slim", folder + "/data"]
            let made = try await Command("sh", words).output()
            try #require(made.succeeded, "\(made.complaint)")
            let backend = BackendChoice.custom("namespaces") {
                NamespacesBackend(cache: folder + "/cache/cluster-fixture")
            }
            try await withCluster(nodes: 2, image: .rootFileSystem(archive), backend: backend) { cluster in
                try await cluster[0].run("echo changed >/srv/data/mark", as: .root).requireSuccess()
                #expect(try await cluster[0].run("cat /srv/data/mark").standardOutput == "changed\n")
                #expect(try await cluster[1].run("cat /srv/data/mark").standardOutput == "mine\n")
                #expect(try await cluster[1].run("ssh node1 hostname").standardOutput == "node1\n")
                // Nothing of this machine's own root is in there.
                #expect(try await cluster[0].run("ls /usr/bin/swift /usr/sbin/dockerd").exitCode != 0)
            }
            // With an engine there, which can't make these nodes, the automatic choice is who can.
            let run = ["run", "--root-file-system", archive, "--", "ssh", "node1", "cat /srv/data/mark"]
            let environment = ["XDG_CACHE_HOME": folder + "/cache", "CLUSTER_FIXTURE_BACKEND": "automatic"]
            let output = try await Command(CommandLine.path, run, environment: environment).output(limit: .seconds(200))
            #expect(output.standardOutput == "mine\n", "\(output.complaint)")
        }
    }

    @Test(.requiresDocker) func whyEachOfTheAutomaticChoiceIsNotTakenIsSaid() async throws {
        let configuration = ClusterConfiguration(roles: [
            NodeRole("one", image: .rootFileSystem("/srv/root")), NodeRole("two", image: .named("mine:1")),
        ])
        let error = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
        #expect(error.code == .imageUnavailable)
        for words in ["docker backend can't make nodes of the root file system /srv/root", "has no image \"mine:1\""] {
            #expect(error.message.contains(words), "\(error)")
        }
    }

    /// Where mmdebstrap is not to be had, debootstrap makes the root file system, and nodes start on it.
    @Test(
        .requiresRoot,
        .enabled("debootstrap is not on this machine") { ProgramPath.find("debootstrap") != nil })
    func withoutMmdebstrapDebootstrapMakesIt() async throws {
        try await CommandLine.with(.namespaces) { command in
            // In a mount namespace of its own, in which the other program can't be run.
            let line = """
                for program in $(command -v mmdebstrap); do mount --bind "$1" "$program"; done
                export XDG_CACHE_HOME="$2"
                exec "$3" run -- ssh node1 'cat /etc/apt/sources.list; id -un'
                """
            try "".write(toFile: command.folder + "/empty", atomically: true, encoding: .utf8)
            let words = ["--mount", "--propagation", "private", "sh", "-ec", line, "sh", command.folder + "/empty"]
            let output = try await Command(
                "unshare", words + [command.folder + "/cache", CommandLine.path], environment: command.environment
            ).output(limit: .seconds(300))
            #expect(output.standardOutput.contains("trixie-security"), "\(output)")
            #expect(output.standardOutput.hasSuffix("ubuntu\n"), "\(output)")
        }
    }

    @Test(arguments: ["/nowhere", "relative/root.tar", "/etc/hostname", "/tmp", "/a,b"])
    func whatIsNoRootFileSystemIsRefused(path: String) async throws {
        let configuration = ClusterConfiguration(image: .rootFileSystem(path), backend: .namespaces)
        let error = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
        #expect(error.code == .imageUnavailable)
        #expect(error.message.contains(path))
        if path == "/etc/hostname" { #expect(error.remedy.contains("such as debootstrap"), "\(error)") }
    }
}
#endif

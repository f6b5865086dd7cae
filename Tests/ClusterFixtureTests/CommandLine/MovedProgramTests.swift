import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// The program is one file: moved to another machine, it makes images without the checkout that it was built from.
@Suite(.timeLimit(.minutes(1))) struct MovedProgramTests {
    /// An engine's command that has no image but the one that it is given to build, of which it keeps what that is made of.
    private static let engine = """
        #!/bin/sh
        case $1 in
            version) echo 1.0 ;;
            build)
                echo "$@"
                for context; do :; done
                cp -R "$context" "${0%/*}/built" ;;
            image) [ -e "${0%/*}/built" ] && echo sha256:1 || { echo "No such image: $5" >&2 && exit 1; } ;;
            *) exit 1 ;;
        esac
        """

    /// Root hides the checkout while the program runs. For others it is there, and has to be left alone all the same.
    private func run(_ words: [String], environment: [String: String]) async throws -> CommandOutput {
        let hidden = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs \"$0\" && exec \"$@\"", Checkout.path]
        #if os(Linux)
        let line = (geteuid() == 0 ? hidden : []) + words
        #else
        let line = words
        #endif
        return try await Command("env", line, environment: environment).output(limit: .seconds(50))
    }

    @Test func itMakesImagesOfWhatItCarries() async throws {
        try await withTemporaryFolder { folder in
            let program = folder + "/cluster-fixture"
            // By another process: a child that another test starts would have the copy open for writing, and it could not be run.
            #expect(try await Command("cp", [CommandLine.path, program]).output().exitCode == 0)
            try Workspace.write(Self.engine, to: folder + "/engine", mode: 0o700)
            let home = folder + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            let output = try await run(
                [program, "build", "--backend", "docker", "--image", "dask"],
                environment: [
                    "HOME": home, "XDG_CACHE_HOME": home + "/.cache", "CLUSTER_FIXTURE_DOCKER": folder + "/engine",
                ])
            try #require(output.exitCode == 0, "\(output.standardError)")
            #expect(output.standardOutput.hasPrefix("cluster-fixture/dask:"))
            #expect(!output.standardError.contains(Checkout.path), "\(output.standardError)")
            for name in ["docker/Dockerfile", "docker/provision.sh", "docker/requirements.txt", "ssh/authorize-keys"] {
                #expect(
                    try String(contentsOfFile: folder + "/built/" + name, encoding: .utf8)
                        == String(contentsOfFile: Checkout.path + "/" + name, encoding: .utf8), "\(name)")
            }
        }
    }
}

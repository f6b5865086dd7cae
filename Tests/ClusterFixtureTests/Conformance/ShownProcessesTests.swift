import FixtureTestSupport
import Foundation
import Subprocess
import Testing

@testable import ClusterEmulation

/// What the process table tells of a test, on its nodes and beside it: nothing.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct ShownProcessesTests {
    /// All that any user of a node can read of its processes.
    private static let everything = """
        cd /proc
        for process in [0-9]*; do
            cat $process/cmdline $process/comm $process/environ $process/task/*/comm $process/status 2>/dev/null | tr '\\0' ' '
        done
        ps -eww -o args= -o comm=
        """

    /// The test is a program whose words and whose environment have a secret. The processes that the library starts beside it are
    /// clones of it, or inherit from it.
    @Test(arguments: try await BackendUnderTest.usable())
    func noProcessShowsTheTestsWordsOrEnvironment(backend: BackendUnderTest) async throws {
        let secret = "secret-" + String(Int.random(in: 100_000..<999_999))
        var options = PlatformOptions()
        options.createSession = true
        _ = try await Subprocess.run(
            .name("env"), arguments: [VictimProgram.path, secret],
            environment: .inherit.updating(["CLUSTER_FIXTURE_BACKEND": backend.rawValue, "SECRET": secret]),
            platformOptions: options, input: .inputWriter, output: .sequence, error: .discarded
        ) { execution in
            for try await line in execution.standardOutput.strings() where line == "ready" {
                let test = "\(execution.processIdentifier.value)"
                #expect(try Self.processes(showing: secret) == [test])
                try await expectNothing(of: secret, on: ClusterCatalog.find(secret).cluster)
                try await execution.standardInputWriter.finish()
            }
        }
    }

    private func expectNothing(of secret: String, on cluster: any BackendCluster) async throws {
        for node in ["node1", "node3"] {
            for user in ["root", "ubuntu"] {
                let words = ["runuser", "-u", user, "--", "sh", "-c", Self.everything]
                let seen = try await cluster.execute(words, on: node).standardOutput
                try #require(seen.contains("ps -eww"), "the look is not what it is meant to be")
                #expect(!seen.contains(secret))
                #expect(!seen.contains("Victim"))
            }
        }
    }

    #if os(Linux)
    @Test(.requiresNamespaces, .requiresRoot) func usersThatAreHeldForAnImageShowNoWordsOfTheTest() async throws {
        let users = try await HeldUsers()
        let process = users.path.dropLast("/ns/user".count)
        // It names itself first of all, but not before it is there.
        let isNamed = try await eventually {
            let line = try #require(FileManager.default.contents(atPath: process + "/cmdline"))
            return String(decoding: line.prefix { $0 != 0 }, as: UTF8.self) == "cluster-fixture: users of an image"
        }
        #expect(isNamed)
        let variables = try #require(FileManager.default.contents(atPath: process + "/environ"))
        #expect(!variables.contains { $0 != 0 })
        withExtendedLifetime(users) {}
    }
    #endif

    /// The processes of this machine that have a text among their words or in their environment, as far as this user may read.
    private static func processes(showing text: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { process in
            guard Int32(process) != nil else { return false }
            return ["cmdline", "environ", "comm"].contains { file in
                let bytes = FileManager.default.contents(atPath: "/proc/\(process)/\(file)") ?? Data()
                return String(decoding: bytes, as: UTF8.self).contains(text)
            }
        }
    }
}

import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// `CLUSTER_FIXTURE_BREAK=failure`: a person at a terminal is let into the cluster before it goes.
@Suite(.requiresBackend, .requiresProgram("python3"), .timeLimit(.minutes(5))) struct BreakpointTests {
    private static let variables = ["CLUSTER_FIXTURE_BREAK": "failure", "SHELL": "/bin/bash"]

    /// Runs a program at a terminal, where what is typed follows on what is shown.
    private func run(
        _ program: [String], typing lines: [(shown: String, typed: String)], environment: [String: String]
    ) async throws -> CommandOutput {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/at_terminal.py"
        let text = lines.map { "\($0.shown)\n\($0.typed)\n" }.joined()
        return try await Command(
            "python3", [script] + program, environment: environment.merging(Self.variables) { $1 }
        ).output(input: Array(text.utf8), limit: .seconds(180))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aPersonLooksAroundAndThenTheClusterGoes(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let run = try await run(
                [
                    CommandLine.path, "run", "--nodes", "2", "--logs", "\(command.folder)/logs", "--", "sh", "-c",
                    "exit 9",
                ],
                typing: [
                    ("Type `exit` to go on", "echo \"at $(ssh root@node2 hostname), $CLUSTER_NODES\" | tr a-z A-Z"),
                    ("AT NODE2, NODE1 NODE2", "sleep 1000 & jobs; exit 0"),
                ], environment: command.environment)
            #expect(run.exitCode == 9, "\(run.standardError)")
            #expect(run.standardOutput.contains("`sh -c exit 9` failed"))
            #expect(run.standardOutput.contains("\(command.folder)/logs/timeline.html"))
            #expect(try await command.left() == [])
        }
    }

    /// What holds the standard streams, `swift test` or pytest, need not know: the terminal is asked for by its own name.
    @Test(arguments: try await BackendUnderTest.usable())
    func aTestsStandardStreamsMayLeadElsewhere(backend: BackendUnderTest) async throws {
        try await withTemporaryFolder { folder in
            let name = "break-\(Int.random(in: 100_000..<999_999))"
            let line = "exec \(shellQuoted(VictimProgram.path)) \(name) failing </dev/null >\(folder)/out 2>&1"
            let run = try await run(
                ["sh", "-c", line],
                // What is typed next is not for ssh to read.
                typing: [("Type `exit` to go on", "ssh -n node3 hostname | tr a-z A-Z"), ("NODE3", "exit")],
                environment: [
                    "CLUSTER_FIXTURE_BACKEND": backend.rawValue, "CLUSTER_FIXTURE_LOGS": folder, "TMPDIR": folder,
                ])
            #expect(run.exitCode != 0)
            #expect(run.standardOutput.contains("It fails on purpose."), "\(run.standardError)")
            #expect(run.standardOutput.contains("timeline.html"))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("cf-") }
            #expect(left == [])
        }
    }

    @Test func withoutATerminalNobodyIsWaitedFor() async throws {
        let backend = try #require(try await BackendUnderTest.usable().first)
        try await CommandLine.with(backend) { command in
            // In a session of its own it has none.
            let words = ["--wait", CommandLine.path, "run", "--", "false"]
            let run = try await Command(
                "setsid", words, environment: command.environment.merging(Self.variables) { $1 }
            )
            .output(limit: .seconds(120))
            #expect(run.exitCode == 1)
            #expect(run.standardError.contains("is ignored: there is no terminal"))
            #expect(try await command.left() == [])
        }
    }

    @Test func aMisspeltValueIsRefusedBeforeAnythingStarts() async throws {
        try await CommandLine.with(nil) { command in
            let mark = command.folder + "/ran"
            let run = try await command.run(
                "run", "--", "touch", mark, environment: ["CLUSTER_FIXTURE_BREAK": "failed"])
            #expect(run.exitCode != 0)
            #expect(run.standardError.contains("CLUSTER_FIXTURE_BREAK is \"failed\""))
            #expect(run.standardError.contains("never, failure"))
            #expect(!FileManager.default.fileExists(atPath: mark))
        }
    }
}

#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Logs are written where somebody else may have been before, and never through anything of theirs.
@Suite(.requiresOrdinaryUser, .requiresNamespaces, .timeLimit(.minutes(5)))
struct SavedLogsTests {
    private static let secret = "only root reads and writes this"

    /// A file that only root may write, which a link of somebody else's leads to.
    private func withSecret(_ body: (_ path: String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            try OwnFolder(folder).write(Self.secret, to: "secret")
            try await body(folder + "/secret")
            #expect(try String(contentsOfFile: folder + "/secret", encoding: .utf8) == Self.secret)
        }
    }

    @Test(arguments: ["logs", "logs/", "link", "link/"])
    func aFolderOfAStrangersIsRefusedBeforeAnythingStarts(name: String) async throws {
        try await withOrdinaryUser { stranger in
            try await withSecret { secret in
                try await stranger.script(#"mkdir logs; ln -s "$1" logs/node1.log; ln -s logs link"#, secret)
                try await CommandLine.with(.namespaces) { command in
                    let mark = command.folder + "/ran"
                    let run = try await command.run("run", "--logs", "\(stranger.home)/\(name)", "--", "touch", mark)
                    #expect(run.exitCode == 64)
                    #expect(run.standardError.contains("\(stranger.home)/\(name.prefix(4)) can't be used"))
                    #expect(!FileManager.default.fileExists(atPath: mark))
                    #expect(try await command.left() == [])
                }
            }
        }
    }

    @Test func aStrangersLinkInAFolderOfOursIsReplaced() async throws {
        try await withOrdinaryUser { stranger in
            try await withSecret { secret in
                try await CommandLine.with(.namespaces) { command in
                    let logs = command.folder + "/logs"
                    try OwnFolder(command.folder).make("logs").write("old", to: "node2.log")
                    for path in [command.folder, logs] { chmod(path, 0o777) }
                    try await stranger.script(#"ln -s "$1" "$2/node1.log""#, secret, logs)
                    #expect(try await command.run("run", "--nodes", "2", "--logs", logs, "--", "false").exitCode == 1)
                    for node in ["node1", "node2"] {
                        let log = try OwnFolder(logs, for: .anyone).read(node + ".log")
                        #expect(String(decoding: log, as: UTF8.self).contains("Accepted publickey"))
                    }
                    let saved = try FileManager.default.contentsOfDirectory(atPath: logs)
                    let other = ["node1.txt", "node2.txt", "timeline.html", "timeline.jsonl", "junit.xml"]
                    #expect(Set(saved) == Set(["node1.log", "node2.log"] + other))
                }
            }
        }
    }

    /// The place among the temporary files where logs once went by default.
    @Test func byDefaultLogsGoWhereNobodyElseCanHaveBeen() async throws {
        try await withOrdinaryUser { stranger in
            try await withTemporaryFolder { folder in
                let temporary = stranger.home + "/tmp"
                try await stranger.script("mkdir -m 1777 tmp tmp/cluster-fixture-logs-0")
                let output = try await fail(["TMPDIR": temporary, "HOME": folder, "XDG_STATE_HOME": "relative"])
                let place = folder + "/.local/state/cluster-fixture/logs"
                let saved = try #require(try FileManager.default.contentsOfDirectory(atPath: place).first)
                #expect(output.standardError.contains("the logs of its nodes are in \(place)/\(saved)"))
                let log = try OwnFolder("\(place)/\(saved)").read("node1.log")
                #expect(String(decoding: log, as: UTF8.self).contains("Accepted publickey"))
                let there = try FileManager.default.contentsOfDirectory(atPath: temporary + "/cluster-fixture-logs-0")
                #expect(there == [])
            }
        }
    }

    @Test func aNamedFolderOfAStrangersIsToldAndNotUsed() async throws {
        try await withOrdinaryUser { stranger in
            try await stranger.script("mkdir -m 1777 logs")
            let output = try await fail(["CLUSTER_FIXTURE_LOGS": stranger.home + "/logs"])
            #expect(output.standardError.contains("could not be saved: The folder \(stranger.home)/logs can't be used"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: stranger.home + "/logs") == [])
        }
    }

    /// A process whose work on a cluster fails.
    private func fail(_ environment: [String: String]) async throws -> CommandOutput {
        let variables = ["CLUSTER_FIXTURE_BACKEND": "namespaces", "CLUSTER_FIXTURE_LOGS": ""]
            .merging(environment) { $1 }.merging([
                "XDG_CACHE_HOME": (UserFolders.cache as NSString).deletingLastPathComponent
            ]) { $1 }
        let name = "failing-" + String(Int.random(in: 100_000..<999_999))
        let output = try await Command(VictimProgram.path, [name, "failing"], environment: variables)
            .output(limit: .seconds(120))
        #expect(output.exitCode != 0)
        return output
    }
}
#endif

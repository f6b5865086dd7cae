import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// How a node is named: as ssh names machines, with a user before it, and a file behind it.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct NodeNamingTests {
    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func aNodeIsNamedInTheSameWaysToEachCommand(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = "named-" + String(Int.random(in: 100_000..<999_999))
            let up = try await command.run("up", "--nodes", "2", "--name", name)
            try #require(up.exitCode == 0, "\(up.standardError)")
            for (words, code, output) in [
                ([name + "/node1", "--user", "root", "--", "exit 7"], Int32(7), ""),
                (["--user=root", name + "/node1", "id", "-un"], 0, "root\n"),
                (["root@\(name)/node1", "id", "-un"], 0, "root\n"),
                ([name + "/node2", "ls", "-d", "/etc"], 0, "/etc\n"),
                ([name + "/node2", "echo", "--", "--user"], 0, "-- --user\n"),
            ] {
                let ssh = try await command.run(["ssh"] + words)
                #expect(ssh.exitCode == code && ssh.standardOutput == output, "\(words): \(ssh.complaint)")
            }
            let which = try await command.run("ssh", name, "hostname")
            #expect(which.exitCode == 64)
            #expect(which.standardError.contains("Say which: \(name)/node1, \(name)/node2."), "\(which.standardError)")

            try FileManager.default.createDirectory(atPath: command.folder + "/data", withIntermediateDirectories: true)
            try "hello".write(toFile: command.folder + "/data/file", atomically: true, encoding: .utf8)
            let there = try await command.run("copy", command.folder + "/data", "ubuntu@\(name)/node1:")
            #expect(there.exitCode == 0, "\(there.standardError)")
            let back = try await command.run("copy", name + "/node1:data/file", command.folder + "/back")
            #expect(back.exitCode == 0, "\(back.standardError)")
            #expect(try String(contentsOfFile: command.folder + "/back", encoding: .utf8) == "hello")

            // The codes that the README has.
            for (words, code) in [
                (["copy", command.folder + "/nothing", name + "/node1:"], Int32(70)),
                (["copy", name + "/node1:nothing", command.folder], 70), (["copy", "/etc/hostname", name + ":x"], 64),
                (["copy", "/etc/hostname", name + "/nod1:x"], 64),
                (["copy", "/etc/hostname", "no@\(name)/node1:x"], 64),
            ] {
                let copy = try await command.run(words)
                #expect(copy.exitCode == code, "\(words): \(copy.complaint)")
            }

            // Who is named plays no part in logs.
            let logs = try await command.run("logs", name + "/node1")
            #expect(logs.exitCode == 0 && !logs.lines.isEmpty, "\(logs.standardError)")
            for user in ["ubuntu", "root"] {
                let same = try await command.run("logs", "\(user)@\(name)/node1")
                #expect(same.lines.starts(with: logs.lines), "\(user): \(same.complaint)")
            }
            let all = try await command.run("logs", "root@" + name)
            for node in ["node1", "node2"] {
                #expect(all.lines.contains { $0.hasPrefix(node + ": ") }, "\(all.complaint)")
            }
            #expect(try await command.run("logs", "root@\(name)/nod1").standardError.contains("Did you mean node1?"))
            let (heard, words) = (Locked(0), ["logs", "root@\(name)/node1", "--follow"])
            let following = Task {
                try await Command(CommandLine.path, words, environment: command.environment).eachLine { _ in
                    heard.withLock { $0 += 1 }
                }
            }
            #expect(try await eventually { heard.withLock { $0 >= logs.lines.count } })

            #expect(try await command.run("down", name).exitCode == 0)
            #expect(try await following.value == 0)
            #expect(try await command.left() == [])
        }
    }
}

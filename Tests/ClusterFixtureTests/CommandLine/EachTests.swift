import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// A command on all nodes of a cluster at once, by the command line.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct EachTests {
    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func eachNodeRunsItAndItsLinesHaveItsName(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = "cli-" + String(Int.random(in: 100_000..<999_999))
            let up = try await command.run("up", "--nodes", "3", "--name", name, "--json")
            try #require(up.exitCode == 0, "\(up.standardError)")
            let inventory = try JSONDecoder().decode(Inventory.self, from: Data(up.standardOutput.utf8))

            let all = try await command.run("each", name, "--", "hostname; printf 'no end'")
            #expect(all.exitCode == 0, "\(all.standardError)")
            // A machine that was there before has a name of its own.
            let lines = inventory.nodes.flatMap { node in
                ["\(node.name): no end", "\(node.name): \(node.fqdn.prefix { $0 != "." })"]
            }
            #expect(all.lines.sorted() == lines.sorted())
            #expect(all.standardError == "")
            let some = try await command.run(
                "each", name + "/node3,node1,node3", "--user", "root", "--at-most", "1", "--", "id", "-un")
            #expect(some.standardOutput == "node3: root\nnode1: root\n", "\(some.standardError)")

            let isSecond = "hostname -I | grep -qwF \(inventory.nodes[1].ip)"
            let failed = try await command.run("each", name, "--", "! \(isSecond) || { echo bad >&2; exit 7; }")
            #expect(failed.exitCode == 7)
            #expect(failed.standardError.contains("node2: bad\n"))
            #expect(failed.standardError.contains("node2: exit code 7\n"))
            #expect(failed.standardError.contains("the command failed on 1 of 3 nodes"))
            // It is the command's own, and no lost connection.
            #expect(try await command.run("each", name, "--", "exit 255").exitCode == 255)

            let late = try await command.run("each", name, "--timeout", "4s", "--", "! \(isSecond) || sleep 4731")
            #expect(late.exitCode == 124)
            #expect(late.standardError.contains("node2: the command did not end within 4 s"), "\(late.standardError)")
            #expect(try await command.run("each", name, "--", "pgrep -x -f 'sleep 4731'").lines == [])

            #expect(try await command.run("down", name).exitCode == 0)
            #expect(try await command.left() == [])
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aNodeThatIsLostIsNamedAndTheOthersRunIt(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = "cli-" + String(Int.random(in: 100_000..<999_999))
            let up = try await command.run("up", "--nodes", "3", "--name", name)
            try #require(up.exitCode == 0, "\(up.standardError)")
            #expect(try await command.run("kill", name + "/node2").exitCode == 0)
            let lost = try await command.run("each", name, "--", "hostname")
            #expect(lost.exitCode == 70)
            #expect(lost.lines.sorted() == ["node1: node1", "node3: node3"])
            #expect(lost.standardError.contains("node2 can't be reached as ubuntu"), "\(lost.standardError)")
            #expect(!lost.standardError.contains("node2: "), "\(lost.standardError)")

            #expect(try await command.run("down", name).exitCode == 0)
            #expect(try await command.left() == [])
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: []))
    func aSignalEndsItOnAllNodes(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = "cli-" + String(Int.random(in: 100_000..<999_999))
            let up = try await command.run("up", "--nodes", "2", "--name", name)
            try #require(up.exitCode == 0, "\(up.standardError)")
            let running = Task { try await command.run("each", name, "--", "sleep 4732") }
            @Sendable func runs() async throws -> Int {
                try await command.run("each", name, "--", "pgrep -x -f 'sleep 4732'").lines.count
            }
            #expect(try await eventually { try await runs() == 2 })
            let process = try #require(try ProcessTable.processes(containing: "each \(name) -- sleep 4732").first)
            #expect(kill(process.id, SIGINT) == 0)
            #expect(try await running.value.exitCode == 128 + SIGINT)
            #expect(try await runs() == 0)
            #expect(try await command.run("down", name).exitCode == 0)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: []))
    func whatCanNotBeMeantIsWrongUsage(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = "cli-" + String(Int.random(in: 100_000..<999_999))
            for words in [
                ["each", name], ["each", "--", "hostname"], ["each", name, "--at-most", "0", "--", "true"],
            ] {
                #expect(try await command.run(words).exitCode == 64, "\(words)")
            }
            let up = try await command.run("up", "--nodes", "2", "--name", name)
            try #require(up.exitCode == 0, "\(up.standardError)")
            let near = try await command.run("each", name + "/nod2", "--", "hostname")
            #expect(near.exitCode == 64 && near.standardError.contains("Did you mean node"), "\(near.standardError)")
            #expect(near.standardOutput == "")
            #expect(try await command.run("down", name).exitCode == 0)
        }
    }
}

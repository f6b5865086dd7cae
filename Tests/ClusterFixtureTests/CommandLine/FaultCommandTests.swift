import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What the command line breaks and heals of clusters that other processes have made.
@Suite(.requiresBackend, .timeLimit(.minutes(10)))
struct FaultCommandTests {
    private func withLab(
        _ backend: BackendUnderTest, _ body: (CommandLine, String) async throws -> Void
    ) async throws {
        try await CommandLine.with(backend) { command in
            let name = "fault-" + String(Int.random(in: 100_000..<999_999))
            let up = try await command.run("up", "--nodes", "2", "--name", name)
            try #require(up.exitCode == 0, "\(up.standardError)")
            try await body(command, name)
            #expect(try await command.run("down", name).exitCode == 0)
            #expect(try await command.left() == [])
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func nodesAreSwitchedOffAndOnAndFrozen(backend: BackendUnderTest) async throws {
        try await withLab(backend) { command, lab in
            let node = lab + "/node2"
            func does(_ words: String..., saying word: String) async throws {
                let output = try await command.run(words)
                #expect(output.exitCode == 0 && output.standardError.contains(word), "\(words): \(output.complaint)")
                #expect(output.standardOutput == "")
            }
            func hostname() async throws -> String {
                try await command.run("ssh", node, "--", "hostname").standardOutput
            }
            for _ in 1...2 { try await does("stop", node, saying: "node2 of \(lab) has ended") }
            let off = try await command.run("exec", node, "--", "true")
            #expect(off.exitCode == 70 && off.standardError.contains("has ended"), "\(off.complaint)")
            for _ in 1...2 { try await does("start", node, saying: "node2 of \(lab) is up") }
            #expect(try await hostname() == "node2\n")
            try await does("restart", node, lab + "/node1", saying: "node1 of \(lab) is up")
            #expect(try await hostname() == "node2\n")
            for _ in 1...2 { try await does("pause", node, saying: "is paused") }
            #expect(try await command.run("exec", node, "--", "true").exitCode == 70)
            for _ in 1...2 { try await does("resume", node, saying: "goes on") }
            #expect(try await hostname() == "node2\n")
            for verb in ["stop", "start", "restart", "pause", "resume"] {
                let near = try await command.run(verb, lab + "/nod2")
                #expect(near.exitCode == 64 && near.standardError.contains("Did you mean node"), "\(near.complaint)")
                #expect(try await command.run(verb, lab).exitCode == 64)
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aNodeIsBrokenAndMended(backend: BackendUnderTest) async throws {
        try await withLab(backend) { command, lab in
            let node = lab + "/node1"
            func fault(_ place: String, _ words: String) async throws {
                let output = try await command.run(["fault", place] + words.split(separator: " ").map(String.init))
                #expect(
                    output.exitCode == 0 && output.standardError.hasPrefix(lab + ": "), "\(words): \(output.complaint)")
                #expect(output.standardOutput == "")
            }
            func ssh(_ line: String) async throws -> CommandOutput {
                try await command.run("ssh", node, "--", line)
            }
            try await fault(node, "ssh refuse-logins")
            #expect(try await ssh("hostname").standardError.contains("Permission denied"))
            try await fault(node, "ssh heal")
            #expect(try await ssh("hostname").standardOutput == "node1\n")
            try await fault(node, "ssh limit-logins 10:30:60")
            try await fault(node, "ssh slow-banner 10ms")
            try await fault(node, "ssh drop-after 30k")
            let large = try await ssh("head -c 3000000 /dev/zero")
            #expect(large.exitCode == 255, "\(large.complaint)")
            try await fault(node, "ssh heal")
            try await fault(node, "names missing node2")
            #expect(try await ssh("getent hosts node2").exitCode == 2)
            try await fault(node, "names heal")
            try await fault(node, "clock -2d")
            let day = try await ssh("date +%s").standardOutput.trimmingCharacters(in: .newlines)
            #expect(try abs(#require(Double(day)) - Date().timeIntervalSince1970 + 2 * 86400) < 120)
            try await fault(node, "clock +1h --rate 2")
            try await fault(node, "ssh stall-before-banner")
            try await fault(node, "ssh change-host-key")
            #expect(try await command.run("pause", lab + "/node2").exitCode == 0)
            // Everything at once, whatever it is.
            try await fault(lab, "heal")
            #expect(try await ssh("ssh node2 hostname").standardOutput == "node2\n")
            let now = try await ssh("date +%s").standardOutput.trimmingCharacters(in: .newlines)
            #expect(try abs(#require(Double(now)) - Date().timeIntervalSince1970) < 120)
            // What is off can't be broken, and is not an obstacle to healing the rest.
            #expect(try await command.run("kill", lab + "/node2").exitCode == 0)
            let off = try await command.run("fault", lab + "/node2", "ssh", "refuse-logins")
            #expect(off.exitCode == 70 && off.standardError.contains("node2 has ended"), "\(off.complaint)")
            let healed = try await command.run("fault", lab, "heal")
            #expect(healed.exitCode == 0 && healed.standardError.contains("node2 has ended"), "\(healed.complaint)")
        }
    }

    #if os(Linux)
    @Test(.requiresNamespaces) func theNetworkAndTheDiskAreBrokenAndMended() async throws {
        try await withLab(.namespaces) { command, lab in
            func ping() async throws -> Bool {
                try await command.run("exec", lab + "/node1", "--", "ping", "-c1", "-W1", "node2").exitCode == 0
            }
            for words in [
                ["partition", "node1", "node2"], ["isolate", "node2"], ["degrade", "node1", "--loss", "100%"],
            ] {
                #expect(try await ping())
                let fault = try await command.run(["fault", lab] + words)
                #expect(fault.exitCode == 0, "\(fault.complaint)")
                #expect(try await !ping())
                #expect(try await command.run("fault", lab, "network", "heal").exitCode == 0)
            }
            #expect(try await ping())
            let disk = try await command.run("fault", lab + "/node1", "disk", "--leaving", "1m")
            #expect(disk.exitCode == 0, "\(disk.complaint)")
            let write = ["exec", lab + "/node1", "--", "sh", "-c", "head -c 9000000 /dev/zero > /opt/large"]
            #expect(try await command.run(write).standardError.contains("No space left"))
            #expect(try await command.run("fault", lab + "/node1", "disk", "heal").exitCode == 0)
            #expect(try await command.run(write).exitCode == 0)
            #expect(try await command.run("fault", lab + "/node1", "disk", "read-only").exitCode == 0)
            #expect(try await command.run(write).standardError.contains("Read-only file system"))
            #expect(try await command.run("fault", lab + "/node1", "heal").exitCode == 0)
            #expect(try await command.run(write).exitCode == 0)
        }
    }
    #endif

    @Test(arguments: [
        "lab", "lab nonsense", "lab ssh refuse-logins", "lab/node1 ssh", "lab/node1 ssh slow-banner",
        "lab/node1 ssh slow-banner 2",
        "lab/node1 ssh limit-logins a:b", "lab/node1 clock 1h", "lab/node1 clock", "lab/node1 clock +1h --loss 10%",
        "lab/node1 disk", "lab/node1 names wrong node2", "lab degrade node1", "lab partition", "lab/node1 network heal",
        "lab heal ssh", "lab/node1 disk read-only --leaving 1m",
    ])
    func whatMakesNoSenseIsWrongUsage(words: String) async throws {
        try await CommandLine.with(nil) { command in
            let output = try await command.run(["fault"] + words.split(separator: " ").map(String.init))
            #expect(
                output.exitCode == 64 && !output.standardError.contains("There is no cluster"), "\(output.complaint)")
        }
    }

    @Test func doctorSaysWhatCanBeBroken() async throws {
        let output = try await CommandLine.path.doctor()
        for backend in try await BackendUnderTest.usable() {
            let line = try #require(output.lines.first { $0.contains("faults on \(backend)") })
            #expect(line.contains("pause") && line.contains("ssh") && line.contains("not "), "\(line)")
        }
    }
}

extension String {
    fileprivate func doctor() async throws -> CommandOutput { try await Command(self, ["doctor"]).output() }
}

import ClusterEmulation
import FixtureTestSupport
import Testing

/// `cluster-fixture reset`, `snapshot` and `restore`, on each backend.
@Suite(.requiresBackend)
struct ResetCommandTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func aClusterOfAnyLanguagesIsMadeAsNewAndWhatItWas(_ backend: BackendUnderTest) async throws {
        let lab = "lab-\(backend)"
        try await CommandLine.with(backend) { command in
            #expect(try await command.run("up", "--nodes", "2", "--name", lab).succeeded)
            #expect(try await command.run("exec", "\(lab)/node1", "--", "touch", "/srv/file").succeeded)
            #expect(try await command.run("snapshot", lab, "warm").succeeded)
            let image = try await command.run("snapshot", "\(lab)/node1")
            #expect(image.succeeded)
            #expect(try await command.run("reset", lab).succeeded)
            #expect(try await command.run("exec", "\(lab)/node1", "--", "test", "-e", "/srv/file").exitCode == 1)
            #expect(try await command.run("ssh", "\(lab)/node1", "--", "hostname").standardOutput == "node1\n")
            #expect(try await command.run("restore", lab, "warm").succeeded)
            let back = try await command.run("exec", "\(lab)/node1", "--", "test", "-e", "/srv/file")
            #expect(back.exitCode == 0, "\(back.complaint)")
            let missing = try await command.run("restore", lab, "cold")
            #expect(missing.exitCode == 64 && missing.standardError.contains("It has warm."))
            #expect(try await command.run("snapshot", lab).exitCode == 64)
            #expect(try await command.run("reset", lab + "x").standardError.contains(lab))
            #expect(try await command.run("down", lab).succeeded)
            let name = try #require(image.lines.first)
            let words = ["run", "--image", name, "--", "ssh", "node1", "test -e /srv/file"]
            #expect(try await command.run(words).exitCode == 0)
            try await NodeImage.snapshot(name).removeSnapshot()
        }
    }

    /// This machine does not reach compute nodes behind a login node: that one hears when they answer.
    @Test(arguments: try await BackendUnderTest.usable())
    func nodesBehindALoginNodeAreMadeAsNewToo(_ backend: BackendUnderTest) async throws {
        let lab = "site-\(backend)"
        try await CommandLine.with(backend) { command in
            let roles = ["--role", "login", "--role", "compute=1", "--site", "university"]
            #expect(try await command.run(["up", "--name", lab] + roles).succeeded)
            #expect(try await command.run("exec", "\(lab)/compute1", "--", "touch", "/srv/file").succeeded)
            #expect(try await command.run("snapshot", lab, "warm").succeeded)
            let reset = try await command.run("reset", lab)
            #expect(reset.succeeded, "\(reset.complaint)")
            #expect(try await command.run("ssh", "\(lab)/compute1", "--", "ls", "/srv").standardOutput == "")
            #expect(try await command.run("restore", lab, "warm").succeeded)
            #expect(try await command.run("ssh", "\(lab)/compute1", "--", "ls", "/srv").standardOutput == "file\n")
            for deed in ["stop", "start"] { #expect(try await command.run(deed, "\(lab)/compute1").succeeded) }
            #expect(try await command.run("ssh", "\(lab)/compute1", "--", "hostname").standardOutput == "compute1\n")
            // Nobody is there who could hear it.
            for deed in ["stop login1", "stop compute1", "start compute1"] {
                let words = deed.split(separator: " ").map(String.init)
                #expect(try await command.run(words[0], "\(lab)/\(words[1])").succeeded, "\(deed)")
            }
            #expect(try await command.run("down", lab).succeeded)
        }
    }
}

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
}

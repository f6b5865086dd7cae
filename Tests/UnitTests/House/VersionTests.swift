import ClusterEmulation
import FixtureTestSupport
import Testing

/// The release has one number, wherever it is written.
@Suite struct VersionTests {
    @Test func theCommandSaysIt() async throws {
        let output = try await Command(CommandLineProgram.path, ["--version"]).output()
        #expect(output.standardOutput == Version.current + "\n")
    }

    @Test func theChangelogBeginsWithIt() throws {
        let heads = try Checkout.text(of: "CHANGELOG.md").split(separator: "\n").filter { $0.hasPrefix("## ") }
        let words = try #require(heads.first).split(separator: " ")
        #expect(words.dropFirst().first.map(String.init) == Version.current)
    }

    @Test func theReadmeSaysWhatToDependOn() throws {
        let readme = try Checkout.text(of: "README.md")
        #expect(readme.contains("from: \"\(Version.current)\")"))
    }
}

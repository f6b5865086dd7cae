import ClusterEmulation
import Testing

@Suite struct ShellQuotingTests {
    @Test(arguments: [
        "", "plain", "two words", "it's", "\"double\"", "$(touch /tmp/never)", "`id`", "a\nb", "-rf", "*", "~", "\\",
        "é ü", "a;b&c|d",
        "'", "''", "!history", "$HOME", "tab\there", "'\u{301}; echo no", "'\u{fe0f}", "\r\n",
    ])
    func aShellReadsTheWordBackUnchanged(word: String) async throws {
        let output = try await Command("sh", ["-c", "printf %s " + shellQuoted(word)]).output()
        #expect(output.standardOutput == word)
        #expect(output.exitCode == 0)
    }

    @Test func harmlessWordsStayReadable() {
        #expect(shellQuoted("/home/ubuntu/data-1.txt") == "/home/ubuntu/data-1.txt")
        #expect(Command("ssh", ["-F", "/tmp/a b", "node1"]).line == "ssh -F '/tmp/a b' node1")
    }
}

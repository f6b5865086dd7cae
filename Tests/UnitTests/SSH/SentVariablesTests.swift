import ClusterEmulation
import Testing

@Suite struct SentVariablesTests {
    @Test func namesTravelUnderAPrefixAndValuesOnNoCommandLine() {
        let variables = SentVariables(["LD_PRELOAD": "/evil.so", "B": "two words"])
        #expect(
            variables.local == ["CLUSTER_FIXTURE_ENV_LD_PRELOAD": "/evil.so", "CLUSTER_FIXTURE_ENV_B": "two words"])
        #expect(!variables.prelude.contains("evil"))
    }

    @Test func thePreludeGivesVariablesTheirOwnNames() async throws {
        let variables = SentVariables(["GREETING": "it's $HOME\nand `id`"])
        let output = try await Command(
            "bash", ["-c", variables.prelude + "printf %s \"$GREETING\"; env | grep -c CLUSTER_FIXTURE_ENV"],
            environment: variables.local
        ).output()
        #expect(output.standardOutput == "it's $HOME\nand `id`0\n")
    }

    @Test func aVariableThatTheNodeDidNotLetInIsAnError() async throws {
        let output = try await Command("bash", ["-c", SentVariables(["LOST": "x"]).prelude + "echo ran"]).output()
        #expect(output.exitCode != 0)
        #expect(!output.standardOutput.contains("ran"))
        #expect(output.standardError.contains("was not accepted by sshd"))
    }

    @Test func withoutVariablesTheLineIsUntouched() {
        #expect(SentVariables([:]).prelude.isEmpty)
        #expect(SentVariables([:]).local.isEmpty)
    }

    @Test(arguments: [
        ("A", true), ("_x9", true), ("9A", false), ("", false), ("A-B", false), ("A B", false), ("É", false),
        ("A;id", false),
    ])
    func namesAreThoseThatAShellKnows(name: String, isValid: Bool) {
        #expect(SentVariables.isValidName(name) == isValid)
    }
}

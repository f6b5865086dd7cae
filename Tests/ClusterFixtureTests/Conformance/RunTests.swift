import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What `node.run` promises, on every backend.
@Suite(.requiresBackend, ConformanceClusters(needs: [.root]), .timeLimit(.minutes(5)))
struct RunTests {

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aNonZeroExitIsAResult(
        backend: BackendUnderTest
    )
        async throws
    {
        let result = try await backend.cluster[0].run("echo out; echo err >&2; exit 7")
        #expect(result.exitCode == 7)
        #expect(result.standardOutput == "out\n")
        #expect(result.standardError == "err\n")
        #expect(result.duration > .zero)
        let error = try #require(throws: ClusterError.self) { try result.requireSuccess() }
        #expect(error.code == .commandFailed)
        #expect(error.message.contains("exit 7`") && error.message.contains("node1"), "\(error)")
        #expect(error.log == "err")
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func anExitCodeOf255IsTheCommandsOwn(
        backend: BackendUnderTest
    ) async throws {
        #expect(try await backend.cluster[0].run("exit 255").exitCode == 255)
    }

    static let words = [
        "$(touch /tmp/pwned)", "`id`", "a b", "it's", "\"", "-rf", "--", "*", "a\nb", "", ";id", "~", "é", "\\",
    ]

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func argumentsArriveUnharmed(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[0]
        let result = try await node.run(["printf", "%s\\0"] + Self.words)
        #expect(
            result.standardOutput.split(separator: "\0", omittingEmptySubsequences: false).dropLast().map(String.init)
                == Self.words)
        #expect(try await node.run("test -e /tmp/pwned").exitCode == 1)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aLineThatBeginsWithADashIsTheNodesToRead(
        backend: BackendUnderTest
    ) async throws {
        let result = try await backend.cluster[0].run("-oProxyCommand=id")
        #expect(result.exitCode == 127)
        #expect(result.standardError.contains("not found"))
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func theEnvironmentArrivesUnharmed(
        backend: BackendUnderTest
    )
        async throws
    {
        let value = "it's \"$HOME\"\n`id` é"
        let environment = ["WORD": value, "LD_PRELOAD": "", "PATH_TO": "/x"]
        let node = try backend.cluster[0]
        for user in User.allCases {
            #expect(
                try await node.run("printf %s \"$WORD\"", as: user, environment: environment).standardOutput == value)
        }
        #expect(try await node.run(["printenv", "PATH_TO"], environment: environment).standardOutput == "/x\n")
        await #expect(throws: ClusterError.self) { try await node.run("true", environment: ["A;id": "x"]) }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func standardInputArrives(
        backend: BackendUnderTest
    )
        async throws
    {
        let text = String(repeating: "line é\n", count: 50_000)
        let result = try await backend.cluster[0].run("cat", standardInput: text)
        #expect(result.standardOutput == text)
        #expect(try await backend.cluster[0].run("cat").standardOutput.isEmpty)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func largeOutputIsWhole(
        backend: BackendUnderTest
    )
        async throws
    {
        let result = try await backend.cluster[0].run("head -c 8388608 /dev/zero | tr '\\0' x")
        #expect(result.standardOutput.utf8.count == 8 << 20)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aTimeLimitEndsTheCommandOnTheNodeToo(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[0]
        let error = try await #require(throws: ClusterError.self) {
            try await node.run("echo so far; echo not yet >&2; sleep 4711; echo never", timeout: .seconds(5))
        }
        #expect(error.code == .timedOut)
        #expect(error.message.contains("sleep 4711") && error.message.contains("node1"), "\(error)")
        #expect(try await node.run("pgrep -f 'sleep 471[1]'").exitCode == 1)
        // What it had printed by then is not lost.
        #expect(error.log == "not yet")
        #expect(error.result?.standardOutput == "so far\n" && error.result?.standardError == "not yet\n")
        #expect(try await node.run("echo quick", timeout: .seconds(60)).standardOutput == "quick\n")
    }

    /// Lines that are not easily ended. A nap stands for a sleep that is known by its length.
    static let stubborn = [
        "NAP", "exec NAP", "NAP & NAP & wait", "NAP & exec NAP", "trap '' TERM; NAP; NAP",
        "set -m; (NAP; true) & NAP", "nohup NAP > /dev/null 2>&1 & NAP", "kill -STOP $$; NAP",
    ]

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), 0..<stubborn.count)
    func aCancelledRunEndsOnTheNode(
        backend: BackendUnderTest, index: Int
    ) async throws {
        let node = try backend.cluster[1]
        let find = "pgrep -f '[4]812\(index)'"
        let line = Self.stubborn[index].replacing("NAP", with: "sleep 4812\(index)")
        let task = Task { try await node.run(line) }
        #expect(try await eventually { try await node.run(find).exitCode == 0 })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let left = try await node.run(find)
        #expect(left.exitCode == 1, "\(line): \(left.standardOutput)")
    }

    /// It is in a session of its own, as programs are that go on by intention, and does not keep anybody waiting.
    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func aDaemonOutlivesTheCancelledLineThatHasStartedIt(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[2]
        let task = Task { try await node.run("setsid sleep 4714 & sleep 4715") }
        #expect(try await eventually { try await node.run("pgrep -x -f 'sleep 471[45]'").lines.count == 2 })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await node.run("pgrep -x -f 'sleep 4715'").exitCode == 1)
        try await node.run("pkill -x -f 'sleep 4714'").requireSuccess()
    }

    /// ubuntu may not end what sudo has started for them.
    @Test(arguments: try await BackendUnderTest.usable()) func whatAnotherUserHasStartedForALineEndsWithIt(
        backend: BackendUnderTest
    ) async throws {
        try await withCluster(backend: backend.choice, configure: { $0.sudo = true }) { cluster in
            let node = try cluster.node("node1")
            let task = Task { try await node.run("sudo -n sleep 4716") }
            #expect(try await eventually { try await node.run("pgrep -x -f 'sleep 4716'").exitCode == 0 })
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await node.run("pgrep -x -f 'sleep 4716'").exitCode == 1)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aSignalsDeathIsToldAsShellsDo(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[0]
        for (signal, number) in [("SEGV", 11), ("KILL", 9), ("TERM", 15)] as [(String, Int32)] {
            for result in [
                try await node.run(["sh", "-c", "kill -\(signal) $$"]),
                try await node.run("echo first; sh -c 'kill -\(signal) $$'"),
            ] {
                #expect(result.exitCode == 128 + number && result.signal == number, "\(result)")
                let error = try #require(throws: ClusterError.self) { try result.requireSuccess() }
                #expect(error.message.contains("was ended by signal \(number)"), "\(error)")
            }
        }
        #expect(try await node.run("exit 7").signal == nil)
        #expect(try await node.run("true").signal == nil)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func linesEndAsProgramsFromElsewhereEndThem(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[0]
        let result = try await node.run("printf 'a\\r\\nb\\n\\r\\nc d\\f\\r\\n'; printf 'x\\r\\ny\\r\\n' >&2; exit 1")
        #expect(result.lines == ["a", "b", "c d\u{c}"])
        let error = try #require(throws: ClusterError.self) { try result.requireSuccess() }
        #expect(error.log == "x\ny")
        #expect("\(error)".hasSuffix("Last lines of standard error:\n  x\n  y"), "\(error)")
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func bytesAreNotChanged(
        backend: BackendUnderTest
    )
        async throws
    {
        let result = try await backend.cluster[0].run("printf '\\377\\000\\r\\n\\200x'")
        #expect(result.standardOutputData == Data([255, 0, 13, 10, 128, 120]))
        #expect(result.standardOutput == "\u{fffd}\0\r\n\u{fffd}x")
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aFailedExpectationShowsStandardError(
        backend: BackendUnderTest
    ) async throws {
        let result = try await backend.cluster[0].run("echo out; echo what was wrong >&2; exit 7")
        #expect(
            "\(result)".contains(
                "as ubuntu on node1 ended with exit code 7\nLast lines of standard error:\n  what was wrong"))
        let seen = Locked<[String]>([])
        let watching: IssueHandlingTrait = .compactMapIssues { issue in
            seen.withLock { $0.append("\(issue)") }
            return nil
        }
        try await watching.provideScope(for: #require(Test.current), testCase: nil) { #expect(result.succeeded) }
        #expect(seen.withLock { $0 }.first?.contains("what was wrong") == true, "\(seen.withLock { $0 })")
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aHundredAtOnceLoseNone(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[1]
        let outputs = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<100 { group.addTask { try await node.run("echo \(number)").standardOutput } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(outputs == Set((0..<100).map { "\($0)\n" }))
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func whatNoProgramCanBeGivenIsRefused(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[0]
        for attempt in [["echo", "a\0b"], [], [""]] {
            let error = try await #require(throws: ClusterError.self) { try await node.run(attempt) }
            #expect(error.code == .invalidConfiguration)
        }
        await #expect(throws: ClusterError.self) { try await node.forwardPort(0) }
    }
}

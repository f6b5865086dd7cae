import ClusterEmulation
import FixtureTestSupport
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
            try await node.run("sleep 4711; echo never", timeout: .milliseconds(400))
        }
        #expect(error.code == .timedOut)
        #expect(error.message.contains("sleep 4711") && error.message.contains("node1"), "\(error)")
        #expect(try await eventually { try await node.run("pgrep -f 'sleep 471[1]'").exitCode == 1 })
        #expect(try await node.run("echo quick", timeout: .seconds(60)).standardOutput == "quick\n")
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aCancelledRunThrows(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[0]
        let task = Task { try await node.run("sleep 4712") }
        #expect(try await eventually { try await node.run("pgrep -f 'sleep 471[2]'").exitCode == 0 })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await node.run("pkill -f 'sleep 471[2]'")
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

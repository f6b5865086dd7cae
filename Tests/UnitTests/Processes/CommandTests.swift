import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite struct CommandTests {
    @Test func outputErrorAndExitCodeAreResults() async throws {
        let output = try await Command("sh", ["-c", "echo out; echo err >&2; exit 3"]).output()
        #expect(output.standardOutput == "out\n")
        #expect(output.standardError == "err\n")
        #expect(output.exitCode == 3)
        #expect(output.complaint == "err")
    }

    @Test func aSignalIsCountedAsShellsDo() async throws {
        #expect(try await Command("sh", ["-c", "kill -TERM $$"]).output().exitCode == 128 + 15)
    }

    @Test func argumentsAreNeverReadByAShell() async throws {
        let output = try await Command("printf", ["%s|", "$(id)", "a b", "-n", "*"]).output()
        #expect(output.standardOutput == "$(id)|a b|-n|*|")
    }

    @Test func standardInputAndEnvironmentReachTheProgram() async throws {
        let output = try await Command("sh", ["-c", "cat; printf %s \"$WORD\""], environment: ["WORD": "x y"])
            .output(input: Array("hello ".utf8))
        #expect(output.standardOutput == "hello x y")
    }

    @Test func aMegabyteOfEachIsReadWithoutDeadlock() async throws {
        let output = try await Command("sh", ["-c", "head -c 1048576 /dev/zero; head -c 1048576 /dev/zero >&2"])
            .output()
        #expect(output.standardOutput.utf8.count == 1 << 20)
        #expect(output.standardError.utf8.count == 1 << 20)
    }

    @Test func aProgramThatIsNotThereIsNamed() async throws {
        let error = try await #require(throws: ClusterError.self) { try await Command("no-such-program", []).output() }
        #expect(error.code == .missingProgram)
        #expect(error.message.contains("`no-such-program` is not on this machine"))
    }

    @Test func aProgramThatTakesTooLongIsKilled() async throws {
        let mark = "31\(Int.random(in: 100_000..<999_999))"
        let error = try await #require(throws: ClusterError.self) {
            try await Command("sleep", [mark]).output(limit: .milliseconds(100))
        }
        #expect(error.code == .timedOut)
        #expect(try ProcessTable.commandLines(containing: "sleep \(mark)").isEmpty)
    }

    @Test func aCancelledTaskKillsItsProgram() async throws {
        let mark = "31\(Int.random(in: 100_000..<999_999))"
        let task = Task { try await Command("sleep", [mark]).output() }
        #expect(try await eventually { try !ProcessTable.commandLines(containing: "sleep \(mark)").isEmpty })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try ProcessTable.commandLines(containing: "sleep \(mark)").isEmpty)
    }

    @Test func linesComeOneByOneInOrder() async throws {
        let lines = Locked<[String]>([])
        let code = try await Command("sh", ["-c", "echo a; echo b >&2; printf c; exit 2"]).eachLine { line in
            lines.withLock { $0.append(line) }
        }
        #expect(code == 2)
        #expect(lines.withLock { $0 } == ["a", "b", "c"])
    }

    /// Of a signal that ended this process instead, the test run would tell.
    @Test func aProgramNeedNotReadWhatItIsGiven() async throws {
        let large = [UInt8](repeating: 7, count: 3_000_000)
        #expect(try await Command("true", []).output(input: large).succeeded)
        #expect(try await Command("sh", ["-c", "head -c 3; exit 5"]).output(input: large).exitCode == 5)
        #expect(try await Command("wc", ["-c"]).output(input: large).standardOutput == "3000000\n")
    }
}

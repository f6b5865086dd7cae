import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Commands that run while the test goes on, what they read and print, and ways to and from nodes, on every backend.
@Suite(.requiresBackend, ConformanceClusters(needs: [.root]), .timeLimit(.minutes(5)))
struct RunningTests {
    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func linesComeWhileACommandRuns(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[0]
        let seen = Locked<[OutputLine]>([])
        // It does not go on before its first line was read here.
        let (read, told) = AsyncStream.makeStream(of: Void.self)
        let answering = Task {
            for await _ in read { try await node.run("touch /tmp/was-read").requireSuccess() }
        }
        let result = try await node.run(
            "echo one; until test -e /tmp/was-read; do sleep 0.02; done; echo two >&2; printf 'thr\\303\\251e'; exit 3",
            timeout: .seconds(60)
        ) { line in
            seen.withLock { $0.append(line) }
            if line.text == "one" { told.yield() }
        }
        told.finish()
        _ = await answering.result
        #expect(Set(seen.withLock { $0 }.map(\.text)) == ["one", "two", "thrée"])
        #expect(seen.withLock { $0 }.first { $0.text == "two" }?.stream == .standardError)
        #expect(result.standardOutput == "one\nthrée" && result.standardError == "two\n" && result.exitCode == 3)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func whoStopsReadingAStreamEndsItsCommand(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[0]
        var lines: [String] = []
        for try await line in node.stream("seq 3; sleep 4741") {
            lines.append(line.text)
            if lines.count == 3 { break }
        }
        #expect(lines == ["1", "2", "3"])
        #expect(try await eventually { try await node.run("pgrep -x -f 'sleep 4741'").exitCode == 1 })
        var last = ""
        let error = await #expect(throws: ClusterError.self) {
            for try await line in node.stream("echo last; exit 4") { last = line.text }
        }
        #expect(last == "last" && error?.code == .commandFailed)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aStartedCommandIsWaitedForOrTerminated(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[1]
        let short = try await node.start("read word; echo $word", standardInput: "hello\n")
        #expect(try await short.wait().standardOutput == "hello\n")
        #expect(try await short.wait(timeout: .seconds(1)).exitCode == 0)
        await short.terminate()
        #expect(try await short.wait().exitCode == 0)

        let long = try await node.start(["sleep", "4742"])
        #expect(try await eventually { try await node.run("pgrep -x -f 'sleep 4742'").exitCode == 0 })
        await long.terminate()
        #expect(try await node.run("pgrep -x -f 'sleep 4742'").exitCode == 1)
        #expect(try await long.wait().signal == 15)

        let late = try await node.start("echo so far; sleep 4743")
        let error = await #expect(throws: ClusterError.self) { try await late.wait(timeout: .seconds(5)) }
        #expect(error?.code == .timedOut && error?.result?.standardOutput == "so far\n")
        #expect(try await node.run("pgrep -x -f 'sleep 4743'").exitCode == 1)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aCommandReadsBytesAndFiles(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[2]
        let bytes = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 7) })
        #expect(try await node.run("cat", standardInput: bytes).standardOutputData == bytes)
        try await withTemporaryFolder { folder in
            let file = URL(fileURLWithPath: folder + "/input")
            try bytes.write(to: file)
            #expect(try await node.run(["cat"], standardInput: file).standardOutputData == bytes)
            // It need not be read to its end.
            #expect(try await node.run("head -c 3", standardInput: file).standardOutputData == bytes.prefix(3))
            await #expect(throws: ClusterError.self) {
                try await node.run("touch /tmp/was-run", standardInput: URL(fileURLWithPath: folder))
            }
            let error = await #expect(throws: ClusterError.self) {
                try await node.run("touch /tmp/was-run", standardInput: URL(fileURLWithPath: folder + "/nothing"))
            }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("\(folder)/nothing: No such file or directory") == true)
            #expect(try await node.run("test -e /tmp/was-run").exitCode == 1)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func filesAreWrittenAndRead(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[2]
        let bytes = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0) })
        for path in ["it's $HOME -n", "/tmp/-bytes"] {
            try await node.write(bytes, to: path)
            #expect(try await node.read(path) == bytes)
            try await node.write("short é\n", to: path)
            #expect(try await node.read(path) == Data("short é\n".utf8))
        }
        let refused = await #expect(throws: ClusterError.self) { try await node.write(bytes, to: "/etc/refused") }
        #expect(refused?.code == .transferFailed)
        #expect(refused?.message == "/etc/refused on node3 could not be written as ubuntu: Permission denied.")
        let missing = await #expect(throws: ClusterError.self) { try await node.read("/nowhere/file", as: .root) }
        #expect(missing?.message == "/nowhere/file on node3 could not be read as root: No such file or directory.")
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func whatComesToBeIsWaitedFor(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[0]
        let folder = "waited-\(UUID().uuidString)"
        let server = "import socket; s = socket.create_server(('\(node.ip)', 8086)); s.accept()"
        let conditions: [(NodeCondition, begin: String)] = [
            (.port(8086), begin: "exec python3 -c \"\(server)\""),
            (.file(folder + "/a file"), begin: "mkdir -p \(folder); touch \(folder)/'a file'; sleep 4744"),
            (
                .command("test $(cat \(folder)/number) = 7"),
                begin: "mkdir -p \(folder); echo 7 > \(folder)/number; sleep 4744"
            ),
            (
                .logLine("-e [ready]", in: folder + "/log"),
                begin: "mkdir -p \(folder); echo 'it is -e [ready] now' > \(folder)/log; sleep 4744"
            ),
        ]
        await #expect(throws: ClusterError.self) { try await node.waitUntil(.port(65536), within: .seconds(60)) }
        for (condition, begin) in conditions {
            let error = await #expect(throws: ClusterError.self) {
                try await node.waitUntil(condition, within: .milliseconds(300))
            }
            #expect(error?.code == .timedOut)
            #expect(error?.message == "There was no \(condition) on node1 within 0.3 s.")
            let waiting = Task { try await node.waitUntil(condition, within: .seconds(60)) }
            let command = try await node.start(begin)
            try await waiting.value
            await command.terminate()
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aForwardLeadsThereUntilItIsClosed(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[1]
        let forward = try await node.forward(22)
        #expect(forward.nodePort == 22)
        #expect(try await greeting(at: forward.localPort).hasPrefix("SSH-2.0-"))
        try await forward.close()
        try await forward.close()
        #expect(!Listener.accepts(forward.localPort))
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aReverseForwardLeadsToThisMachine(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[1]
        let listener = try Listener(.say("from here"))
        defer { withExtendedLifetime(listener) {} }
        let forward = try await node.reverseForward(listener.port)
        #expect(forward.localPort == listener.port)
        let line = "exec 3<>/dev/tcp/127.0.0.1/\(forward.nodePort) && cat <&3"
        #expect(try await node.run(line).standardOutput == "from here")
        try await forward.close()
        #expect(try await node.run(line).exitCode != 0)
        await #expect(throws: ClusterError.self) { try await node.reverseForward(0) }
    }

    private func greeting(at port: Int) async throws -> String {
        let line = "exec 3<>/dev/tcp/127.0.0.1/\(port) && head -n 1 <&3"
        return try await Command("bash", ["-c", line]).output(limit: .seconds(20)).standardOutput
    }
}

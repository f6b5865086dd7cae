import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Nodes whose clock is wrong, on each backend.
@Suite(.requiresBackend, .serialized, ConformanceClusters(), .timeLimit(.minutes(10)))
struct ClockTests {
    /// How far a node's clock is off, in seconds, as a command of its own says.
    private func offset(_ node: Node, _ command: String = "date +%s", as user: User = .ubuntu) async throws -> Double {
        let before = Date().timeIntervalSince1970
        let output = try await node.run(command, as: user).requireSuccess().standardOutput
        let time = try #require(Double(output.trimmingCharacters(in: .whitespacesAndNewlines)))
        return time - before
    }

    /// Within what a slow machine needs to answer.
    private func expect(_ seconds: Double, _ node: Node, _ command: String = "date +%s", as user: User = .ubuntu)
        async throws
    {
        let offset = try await offset(node, command, as: user)
        #expect(abs(offset - seconds) < 120, "`\(command)` is \(offset) s off, not \(seconds)")
    }

    @Test(arguments: try await BackendUnderTest.usable(), [Duration.seconds(86400 * 3), .seconds(-7200)])
    func whatStartsAfterwardsHasTheOtherTime(backend: BackendUnderTest, shift: Duration) async throws {
        let node = try backend.cluster[1]
        let seconds = shift / .seconds(1)
        try await expect(0, node)
        try await node.withClock(offset: shift) {
            // Over the connection that was there before, as both users, and by a login of its own.
            try await expect(seconds, node)
            try await expect(seconds, node, as: .root)
            try await expect(seconds, node, "python3 -c 'import time; print(time.time())'")
            try await expect(seconds, node, "bash -c 'echo $EPOCHSECONDS'")
            try await expect(seconds, node, "perl -e 'print time'")
            let words = ["-F", try backend.cluster.sshConfigurationFile, "ubuntu@node2", "date +%s"]
            let login = try await Command("ssh", words).output()
            let time = try #require(Double(login.lines.first ?? ""), "\(login.complaint)")
            #expect(abs(time - Date().timeIntervalSince1970 - seconds) < 120)
            // The others keep theirs, and see the node's.
            try await expect(0, try backend.cluster[0])
            try await expect(seconds, try backend.cluster[0], "ssh node2 date +%s")
            // A second call takes the first one's place.
            try await node.setClock(offset: .zero - shift)
            try await expect(-seconds, node)
        }
        try await expect(0, node)
        try await node.resetClock()
        #expect(try await node.run("ls /etc/ld.so.preload /etc/faketimerc").exitCode == 2)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func programsThatWaitGoOnWaiting(backend: BackendUnderTest) async throws {
        let node = try backend.cluster[1]
        let waits = """
            import asyncio, select, subprocess, threading, time
            begin = time.monotonic()
            time.sleep(0.1); asyncio.run(asyncio.sleep(0.1)); threading.Event().wait(0.1); select.select([], [], [], 0.1)
            subprocess.run(["sleep", "0.1"], timeout=60)
            took = time.monotonic() - begin
            print(took > 0.45)
            """
        for shift in [Duration.seconds(3600), .seconds(-3600)] {
            try await node.withClock(offset: shift) {
                let output = try await node.run(["python3", "-c", waits], timeout: .seconds(60))
                #expect(output.standardOutput == "True\n", "\(output.standardError)")
                #expect(
                    try await node.run("echo secret > f && chmod 600 f && sudo -n true; cat f").standardOutput
                        == "secret\n")
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func timePassesAsFastAsItIsTold(backend: BackendUnderTest) async throws {
        let node = try backend.cluster[1]
        let script = """
            import time
            uptime = lambda: float(open("/proc/uptime").read().split()[0])
            real, own = uptime(), time.time()
            while uptime() - real < 1: pass
            print((time.time() - own) / (uptime() - real))
            """
        for rate in [4.0, 0.25] {
            try await node.withClock(offset: .zero, rate: rate) {
                let output = try await node.run(["python3", "-c", script]).requireSuccess().standardOutput
                let measured = try #require(Double(output.trimmingCharacters(in: .newlines)))
                #expect(abs(measured / rate - 1) < 0.1, "\(measured) instead of \(rate)")
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func anImageWithoutTheLibrarySaysSo(backend: BackendUnderTest) async throws {
        let node = try backend.cluster[2]
        try await node.run("mkdir /root/lib && mv /usr/lib/*/faketime /root/lib", as: .root).requireSuccess()
        let error = try await #require(throws: ClusterError.self) { try await node.setClock(offset: .seconds(1)) }
        #expect(
            error.code == .faultFailed && error.message.contains("libfaketime") && error.node == "node3", "\(error)")
        try await node.run("mv /root/lib/faketime /usr/lib/$(uname -m)-linux-gnu", as: .root).requireSuccess()
        try await expect(0, node)
    }
}

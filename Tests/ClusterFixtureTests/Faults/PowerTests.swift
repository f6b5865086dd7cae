import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Nodes that are switched off and on, on each backend.
@Suite(.requiresBackend)
struct PowerTests {
    /// What makes a node the machine that it is.
    private static let identity =
        "hostname; cat /etc/ssh/ssh_host_*_key.pub /etc/machine-id /sys/class/net/eth0/address; ip -4 -oneline address show eth0 | grep -o 'inet [0-9.]*'; getent hosts node1"

    /// A program that is frozen while it is being started may be in the way of all that comes after it.
    @Test(arguments: try await BackendUnderTest.usable())
    func aPauseAndProgramsThatAreBeingStartedKeepApart(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 1, backend: backend.choice) { cluster in
            let (node, handle, isOver) = (cluster[0], cluster.handle, Locked(false))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        while !isOver.withLock({ $0 }) {
                            do {
                                _ = try await handle.execute(["true"], on: node.name)
                            } catch let error as ClusterError where error.code == .connectionLost {
                                #expect(
                                    error.message.contains("paused") || error.message.contains("frozen"), "\(error)")
                            }
                        }
                    }
                }
                group.addTask {
                    defer { isOver.withLock { $0 = true } }
                    for _ in 0..<20 {
                        try await node.pause()
                        try await node.resume()
                    }
                }
                try await group.waitForAll()
            }
            let output = try await handle.execute(["hostname"], on: node.name)
            #expect(output.standardOutput == "node1\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aKilledNodeComesBackAsTheSameMachineWithItsFiles(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice, configure: { $0.ports = [8787] }) { cluster in
            let node = cluster[1]
            try await node.run(
                "echo kept > /root/kept; mkdir /srv/folder; rm /etc/motd; echo gone > /run/gone; echo gone > /dev/shm/gone",
                as: .root
            ).requireSuccess()
            let before = try await node.run(Self.identity).standardOutput
            #expect(Listener.accepts(node.port, of: node.host))
            try await node.kill()
            #expect(try await cluster.handle.states()[node.name] != .running)
            #expect(!Listener.accepts(node.port, of: node.host), "sshd's port of a node that is down")
            #expect(try !Listener.accepts(#require(node.publishedPorts[8787]), of: node.host))
            await #expect(throws: ClusterError.self) { try await node.run("true") }
            try await node.start()
            #expect(try await cluster.handle.states()[node.name] == .running)
            #expect(try await node.run("cat /root/kept", as: .root).standardOutput == "kept\n")
            let gone = "test -d /srv/folder && ! test -e /etc/motd && ! test -e /run/gone && ! test -e /dev/shm/gone"
            #expect(try await node.run(gone).exitCode == 0)
            #expect(try await node.run(Self.identity).standardOutput == before)
            let over = "ssh -o BatchMode=yes node2 cat /root/kept"
            #expect(try await cluster[0].run(over, as: .root).standardOutput == "kept\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aNodeThatIsStoppedLetsItsServicesEndInOrder(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 1, backend: backend.choice) { cluster in
            let node = cluster[0]
            let service = "trap 'echo in order > /root/end; exit' TERM; touch /root/begun; while :; do sleep 1; done"
            try await node.run("setsid bash -c \(quoted(service)) > /dev/null 2>&1 < /dev/null &", as: .root)
            try await node.run("until test -e /root/begun; do sleep 0.01; done", as: .root).requireSuccess()
            #expect(Listener.accepts(node.port, of: node.host))
            try await node.stop()
            try await node.stop()
            #expect(!Listener.accepts(node.port, of: node.host))
            try await node.start()
            #expect(try await node.run("cat /root/end", as: .root).standardOutput == "in order\n")
            try await node.start()
            try await node.restart()
            #expect(try await node.run("cat /root/end", as: .root).standardOutput == "in order\n")
        }
    }

    /// A node that is on its way down does not read what it is asked any more.
    @Test(arguments: try await BackendUnderTest.usable())
    func whatWasAskedOfANodeAsItEndedCostsNoFiles(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 1, backend: backend.choice) { cluster in
            let (node, handle) = (cluster[0], cluster.handle)
            // It ends a second after it is told to.
            let slow = "trap 'sleep 1; exit' TERM; touch /root/begun; while :; do sleep 0.1; done"
            try await node.run("echo kept > /root/kept", as: .root).requireSuccess()
            try await node.run("setsid bash -c \(quoted(slow)) > /dev/null 2>&1 < /dev/null &", as: .root)
            try await node.run("until test -e /root/begun; do sleep 0.01; done", as: .root).requireSuccess()
            let asking = Task {
                await withTaskGroup(of: Void.self) { group in
                    while !Task.isCancelled {
                        group.addTask { _ = try? await handle.execute(["true"], on: node.name) }
                        try? await Task.sleep(for: .milliseconds(100))
                    }
                }
            }
            _ = try? await node.run("poweroff", as: .root)
            #expect(try await eventually { try await handle.states()[node.name] != .running })
            asking.cancel()
            await asking.value
            try await node.start()
            #expect(try await node.run("cat /root/kept", as: .root).standardOutput == "kept\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aNodeCanBeKilledAndStartedAgainAndAgain(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            for round in 1...5 {
                try await cluster[0].run("echo \(round) >> /root/rounds", as: .root).requireSuccess()
                try await cluster[0].kill()
                try await cluster[0].start()
            }
            #expect(try await cluster[0].run("wc -l < /root/rounds", as: .root).standardOutput == "5\n")
            #expect(try await cluster[1].run("hostname").standardOutput == "node2\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aPausedNodeKeepsItsConnectionsAndAnswersNobody(_ backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            let (node, other) = (cluster[0], cluster[1])
            try await node.run(
                "setsid sh -c 'while :; do echo x >> /tmp/ticks; sleep 0.01; done' > /dev/null 2>&1 < /dev/null &")
            try await node.pause()
            try await node.pause()
            let silent = try await other.run("timeout 1 bash -c 'cat < /dev/tcp/node1/22 | head -c 4'")
            #expect(silent.standardOutput.isEmpty, "sshd of a frozen node has said something")
            // The kernel accepts for it.
            #expect(try await other.run("timeout 1 bash -c ': > /dev/tcp/node1/22'").exitCode == 0)
            await #expect(throws: ClusterError.self) { try await node.run("true", timeout: .milliseconds(300)) }
            try await node.resume()
            try await node.resume()
            // Over the connection that was open before.
            let before = try await node.run("wc -l < /tmp/ticks").standardOutput
            try await node.run("sleep 0.1")
            #expect(try await node.run("wc -l < /tmp/ticks").standardOutput != before)
            try await node.pause()
            try await node.kill()
            try await node.start()
            #expect(try await node.run("hostname").standardOutput == "node1\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aFrozenNodeEndsACancelledCommandWhenItGoesOn(_ backend: BackendUnderTest) async throws {
        try await withCluster(backend: backend.choice) { cluster in
            let node = cluster[0]
            let before = Task { try await node.run("sleep 4717") }
            #expect(try await eventually { try await node.run("pgrep -x -f 'sleep 4717'").exitCode == 0 })
            try await node.pause()
            // It is asked for while nobody is there to begin it.
            let meanwhile = Task { try await node.run("echo begun >> ~/begun; sleep 4718") }
            for task in [before, meanwhile] {
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            try await node.resume()
            let haveEnded = try await eventually { try await node.run("pgrep -x -f 'sleep 471[78]'").exitCode == 1 }
            #expect(haveEnded)
            try await node.pause()
            await #expect(throws: ClusterError.self) { try await node.run("sleep 4719", timeout: .milliseconds(100)) }
            // Nothing of it keeps the cluster from being removed.
        }
    }

    private func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}

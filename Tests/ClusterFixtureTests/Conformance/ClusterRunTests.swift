import ClusterEmulation
import FixtureTestSupport
import Testing

/// What `cluster.run` promises, on every backend.
@Suite(.requiresBackend, ConformanceClusters(needs: [.root]), .timeLimit(.minutes(5)))
struct ClusterRunTests {
    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func eachNodeHasItsResultInTheNodesOrder(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let results = try await cluster.run("hostname")
        #expect(results.map(\.node) == ["node1", "node2", "node3"])
        #expect(try results.map { try $0.result.get().standardOutput } == ["node1\n", "node2\n", "node3\n"])
        #expect(results.succeeded)
        #expect(try results.requireSuccess()["node2"].lines == ["node2"])
        let error = try #require(throws: ClusterError.self) { try results["nod3"] }
        #expect(error.code == .noCluster && error.remedy == "Did you mean node3?", "\(error)")
        let some = try await cluster.run(["hostname", "-s"], on: [cluster[2], cluster[0]])
        #expect(some.map(\.node) == ["node3", "node1"])
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func whatARunIsToldGetsToEachNode(backend: BackendUnderTest) async throws {
        let results = try await backend.cluster.run(
            "id -un; printf '%s\\n' \"$WORD\"; cat", as: .root, environment: ["WORD": "two words"],
            standardInput: "in\n"
        ).requireSuccess()
        for (node, result) in results {
            #expect(try result.get().lines == ["root", "two words", "in"], "\(node)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func theFirstFailureIsToldAndTheOthersAreCounted(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let results = try await cluster.run("test $(hostname) = node1 || { echo no $(hostname) >&2; exit 7; }")
        #expect(!results.succeeded && results.failures.map(\.node) == ["node2", "node3"])
        let error = try #require(throws: ClusterError.self) { try results.requireSuccess() }
        #expect(error.code == .commandFailed && error.log == "no node2" && error.node == nil)
        #expect(error.message.contains("on node2 ended with exit code 7."), "\(error)")
        #expect(error.message.hasSuffix("Of the other 2 nodes, 1 failed too: node3."), "\(error)")
        #expect("\(results)".contains("succeeded on 1 of 3 nodes"), "\(results)")
        let one = try await cluster.run("test $(hostname) != node3")
        let alone = try #require(throws: ClusterError.self) { try one.requireSuccess() }
        #expect(alone.node == "node3" && !alone.message.contains("other"), "\(alone)")
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aNodeThatIsGoneIsAFailureByNameAndTheOthersGoOn(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 3, backend: backend.choice) { cluster in
            try await cluster[1].kill()
            for user in User.allCases {
                let results = try await cluster.run("hostname", as: user)
                #expect(results.failures.map(\.node) == ["node2"])
                #expect(results.failures.first?.error.code == .connectionLost)
                #expect(try results["node3"].standardOutput == "node3\n")
                #expect(throws: ClusterError.self) { try results["node2"] }
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func allNodesRunAtOnce(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        // Each waits until all are there.
        let barrier = """
            ssh node1 touch /tmp/barrier.$(hostname)
            until ssh node1 'test $(ls /tmp/barrier.* | wc -l) = 3'; do sleep 0.05; done
            """
        try await cluster.run(barrier, timeout: .seconds(60)).requireSuccess()
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func noMoreRunAtATimeThanAreAllowed(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let results = try await cluster.run("date +%s%N; sleep 0.1; date +%s%N", atMost: 1).requireSuccess()
        let spans = try results.map { try $0.result.get().lines.compactMap { Int($0) } }.sorted { $0[0] < $1[0] }
        for (before, after) in zip(spans, spans.dropFirst()) { #expect(before[1] <= after[0], "\(spans)") }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func aTimeLimitIsEachNodesOwn(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let results = try await cluster.run(
            "echo begun; test $(hostname) != node2 || sleep 4721", timeout: .seconds(15))
        #expect(results.failures.map(\.node) == ["node2"])
        let error = try #require(results.failures.first?.error)
        #expect(error.code == .timedOut && error.result?.standardOutput == "begun\n", "\(error)")
        #expect(try await cluster[1].run("pgrep -f 'sleep 472[1]'").exitCode == 1)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func aCancelledRunEndsOnAllNodes(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let task = Task { try await cluster.run("sleep 4723", atMost: 2) }
        #expect(
            try await eventually {
                let running = try await cluster.run("pgrep -x -f 'sleep 4723'")
                return running.failures.count == 1
            })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await cluster.run("pgrep -x -f 'sleep 4723'").failures.count == 3)
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func whatCanNotBeRunIsRefusedBeforeAnythingRuns(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let line = "touch /tmp/was-run"
        let attempts: [@Sendable () async throws -> Void] = [
            { try await cluster.run(line, atMost: 0) },
            { try await cluster.run(line, on: []) },
            { try await cluster.run(line, on: [cluster[0], cluster[0]]) },
            { try await cluster.run(line, environment: ["A;id": "x"]) },
            { try await cluster.run(line + "\0") },
            { try await cluster.run([]) },
        ]
        for attempt in attempts {
            let error = try await #require(throws: ClusterError.self) { try await attempt() }
            #expect(error.code == .invalidConfiguration, "\(error)")
        }
        #expect(try await cluster.run("test -e /tmp/was-run").failures.count == 3)
    }
}

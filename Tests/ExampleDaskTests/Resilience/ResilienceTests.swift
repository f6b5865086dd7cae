import ClusterFixture
import FixtureTestSupport
import Foundation
import Testing

/// What becomes of a computation when machines die, freeze, can't be reached or are slow: nothing, but that it takes longer.
///
/// The tests share a machine room, and each has it as new.
@Suite(
    .requiresBackend, .timeLimit(.minutes(8)),
    ClusterFixture(
        roles: [.login, .compute(3)], image: .dask, services: [.dask(), ShortHeartbeats()],
        sharing: .suite(reset: .eachTest)))
struct ResilienceTests {
    @Test func aWorkerThatIsKilledCostsNoResult() async throws {
        let result = try await squares { cluster in
            try await cluster["compute1"].kill()
        }
        #expect(result.sum == Squares.expected)
        #expect(result.nodes["compute2"] != nil && result.nodes["compute3"] != nil)
    }

    /// A frozen machine says nothing: its connections are open, and nobody hears that it is gone. Only its missing heartbeats tell.
    @Test func aWorkerThatIsFrozenIsGivenUpAndItsWorkDoneByOthers() async throws {
        let result = try await squares { cluster in
            try await cluster["compute1"].pause()
        }
        #expect(result.sum == Squares.expected)
        #expect(result.nodes.values.reduce(0, +) == Squares.count)
        try await Cluster.current["compute1"].resume()
    }

    @Test func aSchedulerThatNobodyReachesForAWhileGoesOnAfterwards() async throws {
        let result = try await squares { cluster in
            try await cluster.partitioned([["login1"], ["compute1", "compute2", "compute3"]]) {
                try await Task.sleep(for: .seconds(1))
            }
        }
        #expect(result.sum == Squares.expected)
    }

    @Test func aWorkerBehindASlowLinkDoesItsShare() async throws {
        let cluster = try Cluster.current
        try await cluster["compute3"].degrade(latency: .milliseconds(40), loss: 0.01)
        let result = try await squares { _ in }
        #expect(result.sum == Squares.expected)
        #expect(result.nodes["compute3"] != nil, "it was left out")
    }

    #if os(Linux)
    /// Only where a node's disk is its own: an engine's is this machine's.
    @Test(
        .requiresNamespaces,
        ClusterFixture(roles: [.login, .compute(2)], image: .dask, services: [.dask()], backend: .namespaces))
    func aFullDiskIsToldAndTheOtherWorkersGoOn() async throws {
        let cluster = try Cluster.current
        let writing = """
            from pathlib import Path
            from distributed import Client, wait
            def write(number):
                Path(f"/home/ubuntu/{number}").write_bytes(bytes(1 << 20))
            with Client(timeout="30s") as client:
                futures = [client.submit(write, n, workers=w, allow_other_workers=False) for n, w in enumerate(["compute1", "compute2"])]
                wait(futures)
                for future in futures:
                    print(type(future.exception()).__name__, getattr(future.exception(), "errno", 0))
            """
        try await cluster["compute1"].disk.fill(leaving: 64 << 10)
        let full = try await cluster["login1"].run(["python3", "-c", writing]).requireSuccess()
        #expect(full.lines == ["OSError 28", "NoneType 0"], "ENOSPC is 28")

        try await cluster["compute1"].disk.heal()
        let healed = try await cluster["login1"].run(["python3", "-c", writing]).requireSuccess()
        #expect(healed.lines == ["NoneType 0", "NoneType 0"])
    }
    #endif

    /// Computes on the cluster, and does something to it when the first result is there.
    private func squares(_ breaking: (Cluster) async throws -> Void) async throws -> Squares {
        let cluster = try Cluster.current
        let login = cluster["login1"]
        try await login.upload(from: Squares.program, to: "squares.py")
        async let computed = login.run("python3 squares.py \(Squares.count) 0.1", timeout: .seconds(120))
        try await login.run("until test -e /tmp/begun; do sleep 0.02; done", timeout: .seconds(60))
        try await breaking(cluster)
        let output = try await computed.requireSuccess().standardOutput
        return try JSONDecoder().decode(Squares.self, from: Data(output.utf8))
    }
}

/// What the program says.
private struct Squares: Decodable {
    let sum: Int
    /// How many of the numbers each node has squared.
    let nodes: [String: Int]

    static let count = 120
    static let expected = (0..<count).map { $0 * $0 }.reduce(0, +)
    static let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/squares.py"
}

/// Dask waits five minutes before it gives up a worker that says nothing: here it waits for two seconds.
private struct ShortHeartbeats: Service {
    let name = "short-heartbeats"

    func plan(for layout: ClusterLayout) throws -> ServicePlan {
        let settings = "distributed: {scheduler: {worker-ttl: 2s}, worker: {heartbeat: 200ms}}\n"
        return ServicePlan(
            on: layout.nodes.map(\.name), files: [ServiceFile("/etc/dask/heartbeats.yaml", settings)])
    }

    func start(on nodes: ServiceNodes) async throws {}
}

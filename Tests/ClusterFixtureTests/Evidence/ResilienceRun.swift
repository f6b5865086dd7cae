import ClusterEmulation
import Foundation

/// Tiles are computed on workers and reported to a scheduler, until that is cut off.
struct ResilienceRun: Sendable {
    let cluster: Cluster

    private var scheduler: Node { cluster.nodes[0] }
    private var workers: ArraySlice<Node> { cluster.nodes.dropFirst() }

    /// Works for a while and says so.
    private static let features = """
        import hashlib, sys, time
        end = time.monotonic() + float(sys.argv[2])
        while time.monotonic() < end:
            digest = hashlib.sha256(sys.argv[1].encode() * 1000).hexdigest()
            time.sleep(0.01)
        print("tile", sys.argv[1], digest[:16])
        """

    /// Three tests, as they would stand in a suite, of which the last fails.
    ///
    /// - Returns: A command that still goes on then.
    func fail() async throws -> Task<CommandResult, any Error> {
        for node in workers {
            try await node.run("cat >features.py", standardInput: Self.features).requireSuccess()
            try await node.upload(from: "/etc/hostname", to: "settings.txt")
        }
        try await scheduler.run("echo 'import time; time.sleep(60)' >gather.py").requireSuccess()
        try await scheduler.run("mkdir -p tiles; cd tiles; setsid python3 -m http.server 8786 >/dev/null 2>&1 &")
        try await test("everyTileIsComputed") {
            try await compute(0.4)
            try await compute(0.3)
        }
        try await test("aKilledWorkerComesBack") {
            try await workers[2].kill()
            _ = try? await workers[2].run("python3 features.py tile-8 0.3")
            try await workers[1].run("python3 features.py tile-8 0.5").requireSuccess()
            try await workers[2].start()
            try await compute(0.3)
        }
        let number = cluster.timeline.begin(
            .test, "theSchedulerIsCutOff", place: "ResilienceTests/SchedulerTests.swift")
        let gather = "python3 gather.py --from \(workers.map(\.name).joined(separator: ","))"
        let pipeline = Task { [scheduler] in try await scheduler.run(gather) }
        try await compute(0.3)
        try await cluster.partition([[scheduler.name], workers.map(\.name)])
        async let last = workers[1].run("python3 features.py tile-16 0.8")
        try await workers[3].pause()
        let report = "python3 -c 'import urllib.request as r; r.urlopen(\"http://scheduler1:8786\", timeout=0.7)'"
        let lost = try await workers[4].run(report)
        _ = try await last
        let words = "SchedulerTests.swift:42: Expectation failed: (report.exitCode → \(lost.exitCode)) == 0"
        cluster.timeline.note(.issue, "theSchedulerIsCutOff: \(words)\nworker4 can't report its tile")
        cluster.timeline.end(number, trouble: words)
        return pipeline
    }

    private func test(_ name: String, _ body: () async throws -> Void) async throws {
        let number = cluster.timeline.begin(.test, name, place: "ResilienceTests/SchedulerTests.swift")
        try await body()
        cluster.timeline.end(number)
    }

    private func compute(_ seconds: Double) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in workers {
                group.addTask {
                    let time = seconds * (0.6 + 0.2 * Double(node.index))
                    try await node.run("python3 features.py tile-\(node.index) \(time)").requireSuccess()
                }
            }
            try await group.waitForAll()
        }
    }
}

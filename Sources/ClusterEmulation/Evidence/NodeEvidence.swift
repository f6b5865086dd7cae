import CScripts
import Foundation

/// How one node is doing, and what it has logged.
package struct NodeEvidence: Sendable {
    package let name: String
    package let role: String?
    package let ip: String
    /// In words: `running`, `ended, exit code 137`, `frozen`.
    package let state: String
    /// Its own log: sshd's and the machine's.
    package let log: String
    /// What it says of itself: a title, and what is under it.
    package let parts: [Part]
    /// What its services have logged: paths, and the last lines of what is there.
    package let serviceLogs: [Part]

    package struct Part: Sendable, Hashable {
        package let title: String
        package let text: String
    }
}

/// The questions that all nodes of a cluster are asked when something has failed. Each has a deadline: a node that is frozen, or an engine
/// that hangs, must not hold up what comes after.
struct NodeExamination: Sendable {
    let cluster: any BackendCluster
    /// The nodes, as they were planned.
    let nodes: [ProvisionedNode]
    /// The files in which services log on each node.
    let logs: [String: [String]]
    /// The nodes that were frozen on purpose, and so can't answer.
    let frozen: Set<String>
    /// How long each question may take.
    var limit = Duration.seconds(10)
    /// How long all may take together: where more than a few nodes do not answer, the rest is not asked.
    var wholeLimit = Duration.seconds(30)

    func run() async -> [NodeEvidence] {
        let (cluster, end) = (cluster, ContinuousClock.now + wholeLimit)
        async let asked = attempt { try await cluster.states() }
        async let told = attempt { try await cluster.logs() }
        let (states, texts) = await (asked, told)
        let gate = Gate.programs()
        return await withTaskGroup(of: (Int, NodeEvidence).self) { group in
            for (index, node) in nodes.enumerated() {
                group.addTask {
                    let evidence = try? await gate.pass { await examine(node, states, texts, until: end) }
                    return (index, evidence ?? unknown(node))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func examine(
        _ node: ProvisionedNode, _ states: Result<[String: NodeState], any Error>,
        _ texts: Result<[String: String], any Error>, until end: ContinuousClock.Instant
    ) async -> NodeEvidence {
        let log: String
        switch texts {
        case .success(let texts): log = texts[node.name] ?? ""
        case .failure(let error): log = "The log could not be had: \(Self.words(error))\n"
        }
        func evidence(_ state: String, _ parts: [NodeEvidence.Part] = []) -> NodeEvidence {
            // The node says what it likes: a log that nobody asked for is not one.
            let titles = Set((logs[node.name] ?? []).map { Self.logTitle + $0 })
            let isLog = { (part: NodeEvidence.Part) in titles.contains(part.title) }
            let logs = parts.filter(isLog).map {
                NodeEvidence.Part(title: String($0.title.dropFirst(Self.logTitle.count)), text: $0.text)
            }
            return NodeEvidence(
                name: node.name, role: node.role, ip: node.ip, state: state, log: log,
                parts: parts.filter { !isLog($0) }, serviceLogs: logs)
        }
        switch states {
        case .failure(let error): return evidence("unknown: \(Self.words(error))")
        case .success(let states):
            switch states[node.name] {
            case nil: return evidence("gone")
            case .exited(let code): return evidence("ended, exit code \(code)")
            case .running:
                if frozen.contains(node.name) { return evidence("frozen") }
                return await ask(node, min(limit, end - .now), evidence)
            }
        }
    }

    private func ask(
        _ node: ProvisionedNode, _ limit: Duration, _ evidence: (String, [NodeEvidence.Part]) -> NodeEvidence
    ) async -> NodeEvidence {
        // No log can have it.
        let mark = "cluster-fixture-\(UInt64.random(in: 0 ... .max))"
        let words = ["sh", "-s", "--", mark] + (logs[node.name] ?? [])
        // Not as a word, which would stand among the node's processes.
        let script = Array(String(cString: node_examining_script()).utf8)
        let cluster = cluster
        switch await attempt(within: limit, { try await cluster.execute(words, on: node.name, input: script) }) {
        case .success(let output): return evidence("running", Self.parts(of: output.standardOutput, mark))
        case .failure(let error):
            return evidence(
                "running", [.init(title: "no answer", text: "What runs on it could not be asked: \(Self.words(error))")]
            )
        }
    }

    private func unknown(_ node: ProvisionedNode) -> NodeEvidence {
        NodeEvidence(
            name: node.name, role: node.role, ip: node.ip, state: "unknown", log: "", parts: [], serviceLogs: [])
    }

    /// What the script puts before a log's path.
    private static let logTitle = "log "

    static func parts(of text: String, _ mark: String) -> [NodeEvidence.Part] {
        text.components(separatedBy: "\n\(mark) ").dropFirst().map { part in
            let lines = part.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            return .init(title: String(lines[0]), text: lines.count == 2 ? String(lines[1]) : "")
        }
    }

    private static func words(_ error: any Error) -> String {
        if error is DeadlineExceeded { return "there was no answer in time." }
        return ClusterError.sentence((error as? ClusterError)?.message ?? ClusterError.cause(error))
    }

    private func attempt<Value: Sendable>(
        within limit: Duration? = nil, _ body: @escaping @Sendable () async throws -> Value
    ) async -> Result<Value, any Error> {
        await attended(for: limit ?? self.limit, body)
    }
}

/// Does something, and waits for its end no longer than a limit: even where it doesn't heed that its task is cancelled.
func attended<Value: Sendable>(
    for limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async -> Result<Value, any Error> {
    let (results, told) = AsyncStream.makeStream(of: Result<Value, any Error>.self)
    let work = Task {
        do { told.yield(.success(try await body())) } catch { told.yield(.failure(error)) }
        told.finish()
    }
    let clock = Task {
        try await Task.sleep(for: limit)
        told.yield(.failure(DeadlineExceeded()))
        told.finish()
    }
    defer {
        clock.cancel()
        work.cancel()
    }
    for await result in results { return result }
    return .failure(CancellationError())
}

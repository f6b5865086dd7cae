package import ClusterEmulation

/// A backend that does what real ones rarely do: fails half-way, hangs, gives nodes that never answer.
package final class FakeBackend: Backend, Sendable {
    /// What happens when nodes are to be started.
    package enum Script: Sendable {
        /// Nodes are "started", and these are their addresses.
        case give([NodeEndpoint])
        /// It fails with this sentence.
        case fail(String)
        /// It goes on until the task is cancelled.
        case hang
    }

    package struct Record: Sendable {
        package var provisions = 0
        package var destroyed: [ClusterPlan.ID] = []
        package var folders: [String] = []
    }

    package let name = "fake"
    private let script: Script
    private let nodeStates: [String: NodeState]
    private let destroyFailure: String?
    private let reapingScript: ReapingScript?
    private let record = Locked(Record())
    private let begun = AsyncStream.makeStream(of: Void.self)

    package init(
        _ script: Script, states: [String: NodeState] = [:], destroyFailure: String? = nil,
        reaping: ReapingScript? = nil
    ) {
        self.script = script
        self.nodeStates = states
        self.destroyFailure = destroyFailure
        self.reapingScript = reaping
    }

    package var seen: Record { record.withLock { $0 } }

    package var choice: BackendChoice { .custom("fake") { self } }

    /// Returns when `provision` has been called.
    package func provisionBegan() async { for await _ in begun.stream { return } }

    package func availability() async -> Availability { .available("a fake backend") }

    package func prepare(_ image: NodeImage, progress: Progress) async throws -> [String] { [] }
    package func followLogs(of nodes: [String], in cluster: ClusterSummary) -> [(node: String, program: Command)] { [] }

    package func provision(
        _ plan: ClusterPlan, credentials: Task<Credentials, any Error>, progress: Progress
    ) async throws -> [NodeEndpoint] {
        record.withLock {
            $0.provisions += 1
            $0.folders.append(plan.workspace.folder)
        }
        begun.continuation.yield()
        switch script {
        case .give(let endpoints):
            _ = try await credentials.value
            return endpoints
        case .fail(let sentence): throw ClusterError(.provisioningFailed, sentence)
        case .hang:
            try await Task.sleep(for: .seconds(3600))
            return []
        }
    }

    package func destroy(_ cluster: ClusterPlan.ID) async throws {
        record.withLock { $0.destroyed.append(cluster) }
        if let destroyFailure { throw ClusterError(.teardownFailed, destroyFailure) }
    }

    package func states(of cluster: ClusterPlan.ID) async throws -> [String: NodeState] { nodeStates }
    package func logs(of cluster: ClusterPlan.ID) async throws -> [String: String] {
        ["node1": "first line\nlast line\n"]
    }
    package func clusters(withRemains: Bool) async throws -> [ClusterSummary] { [] }
    package func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript? { reapingScript }
    package func removalCommand(_ cluster: ClusterPlan.ID) -> String { "true" }
}

package import ClusterEmulation

/// A backend that does what real ones rarely do: fails half-way, hangs, gives nodes that never answer.
package final class FakeBackend: Backend, Sendable {
    /// What happens when nodes are to be started.
    package enum Script: Sendable {
        /// Nodes are "started", and these are they; each has the host key that the cluster's credentials have for it.
        case give([ProvisionedNode])
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
    package let clusterType: any BackendCluster.Type = FakeCluster.self
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

    package func prepare(_ image: NodeImage, timeline: Timeline) async throws -> PreparedImage { PreparedImage([]) }

    package func provision(
        _ plan: ClusterPlan, credentials: Credentials, images: @escaping @Sendable () async throws -> PreparedImages
    ) async throws -> any BackendCluster {
        record.withLock {
            $0.provisions += 1
            $0.folders.append(plan.workspace.folder)
        }
        begun.continuation.yield()
        let summary = ClusterSummary(plan, backend: name)
        do {
            return FakeCluster(backend: self, summary: summary, nodes: try await start(credentials))
        } catch {
            throw UnfinishedCluster(FakeCluster(backend: self, summary: summary, nodes: []), cause: error)
        }
    }

    private func start(_ credentials: Credentials) async throws -> [ProvisionedNode] {
        switch script {
        case .give(let nodes):
            return nodes.map {
                ProvisionedNode(
                    name: $0.name, host: $0.host, port: $0.port, ip: $0.ip,
                    hostKeys: credentials.publicHostKeys(of: $0.name))
            }
        case .fail(let sentence): throw ClusterError(.provisioningFailed, sentence)
        case .hang:
            try await Task.sleep(for: .seconds(3600))
            return []
        }
    }

    package func clusters(includingRemains: Bool) async throws -> [any BackendCluster] { [] }
    package func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript? { reapingScript }

    fileprivate func states() -> [String: NodeState] { nodeStates }

    fileprivate func destroy(_ cluster: ClusterPlan.ID) throws {
        record.withLock { $0.destroyed.append(cluster) }
        if let destroyFailure { throw ClusterError(.teardownFailed, destroyFailure) }
    }
}

/// A cluster of the fake backend's, which can do no more than any cluster must.
private struct FakeCluster: BackendCluster {
    let backend: FakeBackend
    let summary: ClusterSummary
    let nodes: [ProvisionedNode]
    let hostIP: String? = nil

    func states() async throws -> [String: NodeState] { backend.states() }
    func logs() async throws -> [String: String] { ["node1": "first line\nlast line\n"] }
    func followLogs(of nodes: [String]) -> [(node: String, program: Command)] { [] }
    func execute(_ words: [String], on node: String, streams: ProgramStreams) async throws -> Int32 { 0 }
    func detach() async throws {}
    func destroy() async throws { try backend.destroy(summary.id) }
    var removalCommand: String { "true" }
}

extension ProvisionedNode {
    /// A node1 of this machine's, whoever listens at its port.
    package static func listening(_ host: String = "127.0.0.1", at port: Int, ip: String = "198.18.0.2") -> Self {
        ProvisionedNode(name: "node1", host: host, port: port, ip: ip, hostKeys: [""])
    }
}

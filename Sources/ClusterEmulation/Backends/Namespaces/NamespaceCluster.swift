#if os(Linux)
import CNamespaces
import Foundation
import Glibc

/// A cluster of namespaces, made by this process or found: everything is asked of its lifeline.
final class NamespaceCluster: BackendCluster {
    private struct State {
        /// The nodes and this machine's address, if they are known; else the cluster's folder says which they are.
        var known: (nodes: [ProvisionedNode], hostIP: String?)?
        /// Nil if there is none yet, or none any more.
        var lifeline: ProcessIdentity?
        /// Whether this machine has an interface in the cluster's network. One of that name may be somebody else's.
        var hasJoined: Bool
        /// What goes on beside the start of the nodes.
        var joining: Task<Void, any Error>?
        /// Made when something is asked.
        var connection: LifelineConnection?
    }

    let summary: ClusterSummary
    private let state: Locked<State>

    /// A cluster that was found; without a lifeline it is what is left of one, or not more than begun.
    init(_ summary: ClusterSummary, lifeline: ProcessIdentity? = nil) {
        self.summary = summary
        state = Locked(State(lifeline: lifeline, hasJoined: lifeline != nil))
    }

    var nodes: [ProvisionedNode] {
        state.withLock { $0.known }?.nodes ?? summary.inventory?.nodes.map(ProvisionedNode.init) ?? []
    }

    var hostIP: String? { state.withLock { $0.known }.map(\.hostIP) ?? summary.inventory?.hostIP }

    func connected() throws -> LifelineConnection {
        if let connection = state.withLock({ $0.connection }) { return connection }
        let opened = try LifelineConnection.open(self)
        return state.withLock { state in
            // Another task may have been quicker.
            let connection = state.connection ?? opened
            state.connection = connection
            return connection
        }
    }

    func ends() -> AsyncThrowingStream<EndedNode, any Error> {
        let told = Locked(0)
        return AsyncThrowingStream { [self] in
            try await explainingLoss {
                let (node, code, number) = try await connected().reports.end(after: told.withLock { $0 })
                told.withLock { $0 = number }
                guard nodes.indices.contains(node) else {
                    throw ClusterError(
                        .noCluster, "Cluster \(summary.name) is not ready yet, or its folder \(summary.folder) is gone."
                    )
                }
                return EndedNode(name: nodes[node].name, exitCode: code)
            }
        }
    }

    func states() async throws -> [String: NodeState] {
        try await explainingLoss {
            let connection = try connected()
            // Whoever has an answer has been told of all ends before it.
            _ = try await connection.ask(Int(NS_ASK))
            let codes = connection.reports.exitCodes
            return Dictionary(
                uniqueKeysWithValues: nodes.enumerated().map { index, node in
                    (node.name, codes[index].map { .exited(code: $0) } ?? .running)
                })
        }
    }

    func logs() async throws -> [String: String] {
        Dictionary(uniqueKeysWithValues: nodes.map { ($0.name, NodeLogs.text($0.name, of: summary.folder)) })
    }

    func followLogs(of nodes: [String]) throws -> [(node: String, program: Command)] {
        guard let lifeline = state.withLock({ $0.lifeline }), !lifeline.hasEnded else { throw lost }
        let options = ["--lines=500", "--follow", "--pid=\(lifeline.processID)", "--sleep-interval=0.1", "--"]
        return nodes.map { ($0, Command("tail", options + [NodeLogs.file($0, of: summary.folder)])) }
    }

    func detach() async throws {
        try await explainingLoss { _ = try await connected().ask(Int(NS_STAY)) }
    }

    /// Does something with the lifeline; if that has ended, says so.
    func explainingLoss<Result>(_ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch is LostLifeline { throw lost }
    }

    /// A socket on which a node is told what to do, which is the caller's to close.
    func channel(to node: String) async throws -> Int32 {
        let index = try index(of: node)
        return try await explainingLoss {
            let (code, descriptor) = try await connected().ask(Int(NS_CHANNEL), node: index)
            guard descriptor >= 0 else {
                let cause = code == ESRCH ? "it has ended" : String(cString: strerror(code))
                throw ClusterError(
                    .connectionLost, "\(node) can't run anything: \(cause).", node: node,
                    remedy: code == ESRCH ? "Start it first (`start`)." : "")
            }
            return descriptor
        }
    }

    /// A socket on which the lifeline is asked to run programs, which is the caller's to close.
    func networkChannel() async throws -> Int32 {
        try await explainingLoss {
            let (code, descriptor) = try await connected().ask(Int(NS_CHANNEL))
            guard descriptor >= 0 else {
                throw ClusterError(
                    .provisioningFailed,
                    "Nothing can be run in the network of cluster \(summary.name): \(String(cString: strerror(code)))."
                )
            }
            return descriptor
        }
    }
}

extension NamespaceCluster {
    /// Starts the nodes of a plan. They can be connected to from the beginning, and accept when they are up.
    ///
    /// - Throws: ``UnfinishedCluster``.
    static func start(
        _ plan: ClusterPlan, images: @escaping @Sendable (NodeImage) -> LayeredImage, credentials: Credentials
    ) async throws -> NamespaceCluster {
        let cluster = NamespaceCluster(ClusterSummary(plan, backend: NamespacesBackend.identifier))
        do {
            try await cluster.start(plan, images, credentials)
            return cluster
        } catch {
            throw UnfinishedCluster(
                cluster, cause: error is LostLifeline ? cluster.lost : error)
        }
    }

    private func start(
        _ plan: ClusterPlan, _ images: @Sendable (NodeImage) -> LayeredImage, _ credentials: Credentials
    ) async throws {
        let network = try await HostNetwork.reserve(nodes: plan.nodeNames.count, in: plan.subnets)
        do { try await start(plan, images, credentials, network) } catch {
            network.release()
            throw error
        }
    }

    private func start(
        _ plan: ClusterPlan, _ images: (NodeImage) -> LayeredImage, _ credentials: Credentials, _ network: HostNetwork
    ) async throws {
        let specification = try ClusterSpecification(
            plan, images: images, subnet: network.subnet, credentials: credentials)
        defer { specification.closeDescriptors() }
        let process = try specification.start()
        let lifeline = ProcessIdentity(running: process)
        // From here on `destroy` ends it.
        let known = (specification.provisioned, HostNetwork.address(in: network.subnet))
        state.withLock { $0 = State(known: known, lifeline: lifeline, hasJoined: false) }
        let connection = try LifelineConnection(specification.handOver(), isMakers: true, nodes: plan.nodeNames)
        state.withLock { $0.connection = connection }
        if let lifeline { try Lifeline.note(lifeline, plan) }
        try KeptPlaces(plan, images: images).write(to: plan.workspace)
        try await connection.reports.users()
        try await ClusterUsers.map(process)
        try specification.handOver(mountsTo: process)
        let joining = Task {
            defer { network.release() }
            try await join(network, of: process, connection.reports)
            if plan.configuration.outside {
                try await connection.reports.connected(log: NodeLogs.file("outside", of: summary.folder))
            }
        }
        state.withLock { $0.joining = joining }
    }

    /// Nodes are under way while the rules of their network are set up, before which this machine may not join it.
    private func join(_ network: HostNetwork, of process: pid_t, _ reports: Reports) async throws {
        try await reports.network(log: NodeLogs.file("nft", of: summary.folder))
        try network.join(process, of: summary.id)
        state.withLock { $0.hasJoined = true }
    }

    func joined() async throws {
        let joining = state.withLock { $0.joining }
        try await explainingLoss { try await joining?.value }
    }

    /// Ends everything: the kernel does it when the lifeline ends.
    func destroy() async throws {
        let (lifeline, connection, joining) = state.withLock { ($0.lifeline, $0.connection, $0.joining) }
        connection?.close()
        async let left: Void = leave(after: joining)
        if let lifeline { try await end(lifeline) }
        await left
        await NodeCgroups.remove(summary.id)
    }

    private func leave(after joining: Task<Void, any Error>?) async {
        _ = await joining?.result
        if state.withLock({ $0.hasJoined }) { await HostNetwork.leave(summary.id) }
    }

    private func end(_ lifeline: ProcessIdentity) async throws {
        if lifeline.hasEnded { return }
        let process = lifeline.processID
        Glibc.kill(process, SIGKILL)
        // Its end can't be awaited without a thread: the wait is as long as the kernel needs to end the processes.
        guard await BlockingThread.run({ ns_await_end(process, 20_000) != 0 }) else {
            throw ClusterError(
                .teardownFailed, "The process \(process), which holds the cluster together, did not end within 20 s.",
                remedy: "See in /proc/\(process)/stack what it waits for.")
        }
    }

    /// Without a process there is nothing to end, and 0 would be the person's own shell. When somebody types this, another process may have the number:
    /// it was started at another time (proc_pid_stat(5)).
    var removalCommand: String {
        state.withLock { $0.lifeline }.map {
            "{ ! grep -qs ' \($0.started) ' /proc/\($0.processID)/stat || kill -KILL \($0.processID); }"
        } ?? "true"
    }
}
#endif

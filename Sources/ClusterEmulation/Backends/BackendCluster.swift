/// One cluster, made by this process or found: whoever holds it can ask the same of it.
package protocol BackendCluster: Sendable {
    var summary: ClusterSummary { get }

    /// The nodes, in their order; none while the cluster is still starting in another process.
    var nodes: [ProvisionedNode] { get }

    /// This machine's address in the cluster's network; nil if it has none, and so does not reach the nodes by theirs.
    var hostIP: String? { get }

    /// The nodes that have ended, those too that had before and are not running again, in that order. It goes on until the task is
    /// cancelled.
    ///
    /// It throws ``ClusterError`` if a node could not be started, or with the code `clusterLost` if the cluster is gone.
    func ends() -> AsyncThrowingStream<EndedNode, any Error>

    /// Returns when this machine has its place in the cluster's network, and the cluster its way outside. The nodes are reached by
    /// their published ports before, and need not wait for that.
    ///
    /// - Throws: ``ClusterError`` if something of it could not be set up.
    func joined() async throws

    /// How each node is doing, by its name.
    ///
    /// - Throws: ``ClusterError``, with the code `clusterLost` if nothing is left of the cluster.
    func states() async throws -> [String: NodeState]

    /// Why a node has ended, or can't be asked how it is, where more is to be said than its state.
    func cause(ofEndOf node: String) async -> String?

    /// The last lines of each node's own log, by its name.
    func logs() async throws -> [String: String]

    /// For each node a program that shows its log as it grows, and ends with the cluster.
    func followLogs(of nodes: [String]) throws -> [(node: String, program: Command)]

    /// Runs a program on a node as its root, by the backend's own way, which needs no SSH: in `/root`, with sshd's PATH and
    /// HOME alone for an environment, within the node's limits.
    ///
    /// If the task is cancelled, the program is killed; with Docker only the waiting ends.
    ///
    /// - Parameters:
    ///   - words: The program, by its path or its name on the PATH, and its arguments.
    ///   - node: The node's name.
    ///   - streams: The program's standard streams. They stay the caller's to close.
    /// - Returns: The exit code, or 128 plus the number of the signal that ended it; 126 or 127 if it can't be run.
    /// - Throws: ``ClusterError`` if the node has ended, or ends meanwhile; `CancellationError`.
    func execute(_ words: [String], on node: String, streams: ProgramStreams) async throws -> Int32

    /// Lets the cluster stay when the process that made it ends.
    func detach() async throws

    /// Removes everything that belongs to the cluster: after half a provision too, and a second time too.
    func destroy() async throws

    /// The command by which a person removes it.
    var removalCommand: String { get }
}

extension BackendCluster {
    /// Most are in their network from the beginning.
    package func joined() async throws {}

    /// Most have nothing to add.
    package func cause(ofEndOf node: String) async -> String? { nil }
}

/// A node that has ended.
package struct EndedNode: Sendable, Hashable {
    package let name: String
    /// The exit code, or 128 plus the number of the signal that ended it.
    package let exitCode: Int

    package init(name: String, exitCode: Int) {
        self.name = name
        self.exitCode = exitCode
    }
}

/// How a node is doing.
package enum NodeState: Sendable, Hashable {
    case running
    case exited(code: Int)
}

extension BackendCluster {
    /// A backend that does not tell by itself is asked every second.
    package func ends() -> AsyncThrowingStream<EndedNode, any Error> {
        let told = Locked<Set<String>>([])
        return AsyncThrowingStream {
            while true {
                let states = try await states()
                // One that runs again may end again.
                for (name, state) in states where state == .running { told.withLock { _ = $0.remove(name) } }
                for (name, state) in states.sorted(by: { $0.key < $1.key }) {
                    guard case .exited(let code) = state, told.withLock({ $0.insert(name).inserted }) else { continue }
                    return EndedNode(name: name, exitCode: code)
                }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Runs a program on a node as its root, and collects what it prints. A non-zero exit code is a result.
    ///
    /// What processes print that it leaves behind is not waited for.
    ///
    /// - Throws: As ``execute(_:on:streams:)`` does.
    package func execute(_ words: [String], on node: String, input: [UInt8] = []) async throws -> CommandOutput {
        try await ProgramPipes.collect(input: input) { try await execute(words, on: node, streams: $0) }
    }

    /// The place of a node among the cluster's.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` if there is no such node.
    func index(of node: String) throws -> Int {
        if let index = nodes.firstIndex(where: { $0.name == node }) { return index }
        throw ClusterError(
            .noCluster, "Cluster \(summary.name) has no node \"\(ClusterConfiguration.printable(node))\".", node: node,
            remedy: ClusterCatalog.nearest(to: node, among: nodes.map(\.name)).map { "Did you mean \($0)?" }
                ?? "It has \(nodes.map(\.name).joined(separator: ", ")).")
    }

    /// Refuses what no program can be given.
    func check(_ words: [String], for node: String) throws {
        try NodeCommand.requireProgram(words, for: node)
        try NodeCommand.refuseNUL(in: words, for: node)
    }

    /// What is to be said where nothing is left of the cluster.
    var lost: ClusterError {
        ClusterError(
            .clusterLost, "Cluster \(summary.name) is gone: something else has ended it.",
            remedy: "See what was killed (memory?) or removed on this machine meanwhile.")
    }
}

/// A way to run nodes, at the height of a whole cluster.
///
/// Keys, readiness, rollback, retention and SSH are shared code: a backend starts nodes with the files that the plan
/// gives it, says where they are reached, and takes them away.
package protocol Backend: Sendable {
    /// A name for people, such as `docker`.
    var name: String { get }

    /// Whether the backend can run here, and if not, exactly why.
    func availability() async -> Availability

    /// Refuses what this backend can't make, before anything is started.
    func check(_ configuration: ClusterConfiguration) throws

    /// Makes or finds what nodes of an image are made of.
    ///
    /// - Returns: What a cache has to keep: an image's name, or folders.
    func prepare(_ image: NodeImage, progress: Progress) async throws -> [String]

    /// Starts all nodes of a plan, in parallel, and returns where each is reached, in the plan's order. The cluster's
    /// keys are being made meanwhile. The nodes may still be on their way up.
    ///
    /// When it throws, or is cancelled, nothing that it began may still be under way: what is there by then is found
    /// by ``destroy(_:)``.
    func provision(
        _ plan: ClusterPlan, credentials: Task<Credentials, any Error>, progress: Progress
    ) async throws -> [NodeEndpoint]

    /// Removes everything that belongs to a cluster: after half a provision too, a second time too, and from any
    /// process.
    func destroy(_ cluster: ClusterPlan.ID) async throws

    /// Returns when a node has ended, or throws when one could not be started; else it goes on until it is cancelled.
    func watch(_ cluster: ClusterPlan.ID) async throws -> EndedNode

    /// How each node is doing, by its name.
    func states(of cluster: ClusterPlan.ID) async throws -> [String: NodeState]

    /// The last lines of each node's own log, by its name.
    func logs(of cluster: ClusterPlan.ID) async throws -> [String: String]

    /// For each node a program that shows its log as it grows, and ends with the cluster.
    func followLogs(of nodes: [String], in cluster: ClusterSummary) throws -> [(node: String, program: Command)]

    /// The clusters that are there, and whom they belong to; with remains those too of which no node is left, or none is
    /// there yet.
    func clusters(withRemains: Bool) async throws -> [ClusterSummary]

    /// What a process that outlives this one has to do so that nothing is left of a cluster; nil if nothing need be
    /// done.
    func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript?

    /// Lets a cluster stay when this process ends.
    func keep(_ cluster: ClusterPlan.ID) async

    /// The command by which a person removes a cluster that was kept.
    func removalCommand(_ cluster: ClusterPlan.ID) -> String
}

/// A node that has ended by itself.
package struct EndedNode: Sendable, Hashable {
    package let name: String
    package let exitCode: Int

    package init(name: String, exitCode: Int) {
        self.name = name
        self.exitCode = exitCode
    }
}

extension Backend {
    /// What is a cluster with any backend is one with most.
    package func check(_ configuration: ClusterConfiguration) throws {}

    /// Where nobody tells, every second it is asked for.
    package func watch(_ cluster: ClusterPlan.ID) async throws -> EndedNode {
        while true {
            try await Task.sleep(for: .seconds(1))
            for (name, state) in try await states(of: cluster).sorted(by: { $0.key < $1.key }) {
                if case .exited(let code) = state { return EndedNode(name: name, exitCode: code) }
            }
        }
    }

    /// Where nodes don't depend on this process, there is nothing to do.
    package func keep(_ cluster: ClusterPlan.ID) async {}
}

/// Backends that can end a node as a power cut would.
package protocol NodeKilling: Backend {
    /// Ends all processes of a node at once. Its connections break, its file system is lost with the cluster.
    func kill(_ node: String, of cluster: ClusterPlan.ID) async throws
}

/// Whether a backend can run here.
package enum Availability: Sendable, Hashable {
    /// It can; the description says what it is, in half a line.
    case available(String)
    /// It can't, for this reason, and this mends it.
    case unavailable(reason: String, remedy: String)
}

/// Where a node is reached from the test process, and from the other nodes.
package struct NodeEndpoint: Sendable, Hashable {
    package let host: String
    package let port: Int
    package let ip: String
    /// The ports of this machine under which the node's other published ports are reached, by the node's port.
    package let publishedPorts: [Int: Int]

    package init(host: String, port: Int, ip: String, publishedPorts: [Int: Int] = [:]) {
        self.host = host
        self.port = port
        self.ip = ip
        self.publishedPorts = publishedPorts
    }
}

/// How a node is doing.
package enum NodeState: Sendable, Hashable {
    case running
    case exited(code: Int)
}

/// A cluster as any process can see it.
package struct ClusterSummary: Sendable, Hashable {
    package let id: ClusterPlan.ID
    package let name: String
    /// The process that made it and would remove it.
    package let owner: ProcessIdentity?
    /// The cluster's folder on the owner's machine. What is in it is believed only as far as ``Workspace/opened`` goes.
    package let workspace: Workspace

    package var folder: String { workspace.folder }

    package init(id: ClusterPlan.ID, name: String, owner: ProcessIdentity?, workspace: Workspace) {
        self.id = id
        self.name = name
        self.owner = owner
        self.workspace = workspace
    }
}

/// A shell script of ours and the words it gets as `$1`, `$2` and so on.
package struct ReapingScript: Sendable {
    package let text: String
    package let arguments: [String]

    package init(_ text: String, arguments: [String]) {
        self.text = text
        self.arguments = arguments
    }
}

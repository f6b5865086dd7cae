#if os(Linux)
import CNamespaces
import Foundation
import Glibc

/// Nodes as processes in Linux namespaces of their own, without any engine.
///
/// One small process, the lifeline, is the first in a process, mount and network namespace of the cluster's own. It ends
/// when this process does, however that ends, and the kernel then ends every process, mount and interface of the cluster.
package struct NamespacesBackend: Backend, NodeKilling {
    static let identifier = "namespaces"
    package let name = Self.identifier

    let images: NamespaceImages

    /// - Parameter cache: Where root file systems and layers are kept; by default in the user's cache folder.
    package init(cache: String? = nil) { images = NamespaceImages(cache: cache) }

    package func availability() async -> Availability {
        if !ClusterUsers.makerIsRoot {
            if let missing = Self.missing {
                return .unavailable(reason: missing.reason, remedy: missing.remedy)
            }
        } else if case let failure = Self.attempt, failure != 0 {
            return .unavailable(
                reason:
                    "root may not make namespaces here (\(String(cString: strerror(failure)))), as in most containers.",
                remedy: "Run the tests outside a container, or in a privileged one.")
        }
        for program in ["unshare", "setpriv", "pivot_root"] where ProgramPath.find(program) == nil {
            return .unavailable(
                reason: "the program \(program) is not on this machine.",
                remedy: "Install util-linux.")
        }
        return .available("namespaces of this machine's kernel" + (!ClusterUsers.makerIsRoot ? ", without root" : ""))
    }

    package func check(_ configuration: ClusterConfiguration) throws {
        try NamespaceImages.check(configuration.image)
        _ = try NodeSpace(configuration.limits)
    }

    /// The layer and the keys don't depend on each other, so they are made at the same time.
    package func provision(
        _ plan: ClusterPlan, credentials: Task<Credentials, any Error>, progress: Progress
    ) async throws -> [NodeEndpoint] {
        let image = try await images.ensure(plan.configuration.image, progress: progress)
        progress.done(.image)
        let keys = try await credentials.value
        let cluster = try await NamespaceCluster.start(plan, image: image, credentials: keys)
        return cluster.endpoints
    }

    package func prepare(_ image: NodeImage, progress: Progress) async throws -> [String] {
        let layered = try await images.ensure(image, progress: progress)
        return layered.layers + (layered.root == "/" ? [] : [layered.root])
    }

    package func destroy(_ cluster: ClusterPlan.ID) async throws {
        if let running = NamespaceCluster.running(cluster) {
            try await running.end()
        } else {
            try await destroyFromOutside(cluster)
        }
        await NodeCgroups.remove(cluster)
    }

    /// Ends a cluster as another process would, by its lifeline.
    package func destroyFromOutside(_ cluster: ClusterPlan.ID) async throws {
        guard let lifeline = try Lifeline.find(cluster) else { return }
        lifeline.kill()
        try await lifeline.awaitEnd()
        await HostNetwork.leave(cluster)
    }

    package func watch(_ cluster: ClusterPlan.ID) async throws -> EndedNode {
        guard let running = NamespaceCluster.running(cluster) else { throw CancellationError() }
        return try await running.watch()
    }

    package func states(of cluster: ClusterPlan.ID) async throws -> [String: NodeState] {
        if let running = NamespaceCluster.running(cluster) { return running.states }
        return [:]
    }

    package func keep(_ cluster: ClusterPlan.ID) async { NamespaceCluster.running(cluster)?.stay() }

    package func logs(of cluster: ClusterPlan.ID) async throws -> [String: String] {
        if let running = NamespaceCluster.running(cluster) { return running.logs }
        return try Lifeline.find(cluster).map { NodeLogs.all(of: $0.summary.folder) } ?? [:]
    }

    package func followLogs(
        of nodes: [String], in cluster: ClusterSummary
    ) throws -> [(node: String, program: Command)] {
        guard let lifeline = try Lifeline.find(cluster.id) else {
            throw ClusterError(.noCluster, "Cluster \(cluster.name) has ended.")
        }
        let options = [
            "--lines=500", "--follow", "--pid=\(lifeline.process.processID)", "--sleep-interval=0.1", "--",
        ]
        return nodes.map { ($0, Command("tail", options + [NodeLogs.file($0, of: cluster.folder)])) }
    }

    package func clusters(withRemains: Bool) async throws -> [ClusterSummary] { try Lifeline.all().map(\.summary) }

    package func kill(_ node: String, of cluster: ClusterPlan.ID) async throws {
        guard let running = NamespaceCluster.running(cluster) else {
            throw ClusterError(.noCluster, "Cluster \(cluster) is not this process's.")
        }
        try await running.kill(node)
    }

    /// The kernel removes all but control groups.
    package func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript? { NodeCgroups.reaping(cluster) }

    package func removalCommand(_ cluster: ClusterPlan.ID) -> String {
        // Without a process there is nothing to end, and 0 would be the person's own shell.
        (try? Lifeline.find(cluster))?.map { "kill -KILL \($0.process.processID)" } ?? "true"
    }

    // What a process may do doesn't change while it runs, and is found out once: each attempt is a clone of it.

    /// The errno of root's attempt to make namespaces, 0 if it went well.
    private static let attempt = ns_try(0)

    /// What an ordinary user lacks.
    private static let missing = UserNamespaceFacts.current.missing
}
#endif

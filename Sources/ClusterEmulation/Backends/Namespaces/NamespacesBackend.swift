#if os(Linux)
import CNamespaces
import Foundation
import Glibc

/// Nodes as processes in Linux namespaces of their own, without any engine.
///
/// One small process, the lifeline, is the first in a process, mount and network namespace of the cluster's own. It ends
/// when this process does, however that ends, and the kernel then ends every process, mount and interface of the cluster.
package struct NamespacesBackend: Backend {
    static let identifier = "namespaces"
    package let name = Self.identifier
    package let clusterType: any BackendCluster.Type = NamespaceCluster.self

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

    package func check(_ plan: ClusterPlan) throws {
        for image in Set(plan.nodes.map(\.image)) { try NamespaceImages.check(image) }
        for limits in Set(plan.nodes.map(\.limits)) {
            _ = try NodeSpace(limits)
            try ProcessLimit.check(limits)
            try Processors.check(limits)
        }
        if plan.configuration.ipv6, !MachineNetworks.haveIPv6 {
            throw ClusterError(
                .invalidConfiguration, "Nodes can't have addresses of IPv6: this machine's kernel has no IPv6.",
                remedy: "Leave out `ipv6`.")
        }
    }

    package func prepare(_ image: NodeImage, timeline: Timeline) async throws -> PreparedImage {
        PreparedImage(try await images.ensure(image, timeline: timeline))
    }

    package func provision(
        _ plan: ClusterPlan, credentials: Credentials, images: @escaping @Sendable () async throws -> PreparedImages
    ) async throws -> any BackendCluster {
        let images = try await images()
        return try await NamespaceCluster.start(plan, images: { LayeredImage(images[$0]) }, credentials: credentials)
    }

    package func clusters(includingRemains: Bool) async throws -> [any BackendCluster] {
        let lifelines = try Lifeline.all()
        let found = lifelines.map { NamespaceCluster($0.summary, lifeline: $0.process) }
        guard includingRemains else { return found }
        let known = Set(lifelines.map(\.summary.id))
        return found + NodeCgroups.clusters().subtracting(known).sorted().compactMap(remains)
    }

    /// A cluster that has control groups and no lifeline, if its folder says that it is this user's.
    private func remains(_ cluster: ClusterPlan.ID) -> NamespaceCluster? {
        let workspace = Workspace(cluster: cluster)
        guard let mark = workspace.opened?.mark, mark.backend == name else { return nil }
        return NamespaceCluster(
            ClusterSummary(
                id: cluster, name: cluster.folderName, backend: name, owner: mark.owner, workspace: workspace))
    }

    /// The kernel removes all but control groups.
    package func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript? { NodeCgroups.reaping(cluster) }

    // What a process may do doesn't change while it runs, and is found out once: each attempt is a clone of it.

    /// The errno of root's attempt to make namespaces, 0 if it went well.
    private static let attempt = ns_try(0)

    /// What an ordinary user lacks.
    private static let missing = UserNamespaceFacts.current.missing
}

extension PreparedImage {
    fileprivate init(_ image: LayeredImage) { self.init(image.layers + [image.root]) }
}

extension LayeredImage {
    fileprivate init(_ image: PreparedImage) {
        self.init(root: image.parts.last ?? "/", layers: Array(image.parts.dropLast()))
    }
}
#endif

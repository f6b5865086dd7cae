import Foundation

/// Clusters whose owners died and whose reapers died too, and folders that clusters left in the same way.
package enum Leftovers {
    private static let swept = Locked<Set<String>>([])

    /// Removes a backend's when the first cluster of this process starts on it. Clusters that were kept on purpose stay.
    static func sweepOnce(_ backend: any Backend) async {
        if swept.withLock({ $0.insert(backend.name).inserted }) { await sweep(backend) }
    }

    static func sweep(_ backend: any Backend, in place: String = Workspace.place) async {
        // A sweep removes what others have left. If it fails, this cluster can start all the same.
        _ = try? await (backend as? any ImageKeeping)?.removeUnfinishedImages()
        guard let clusters = try? await backend.clusters(includingRemains: true) else { return }
        for cluster in clusters where isAbandoned(cluster.summary) {
            Progress.say("removing cluster \(cluster.summary.name), whose owner has died")
            try? await cluster.destroy()
            try? cluster.summary.workspace.remove()
        }
        // Of others only the folder is left, with private keys in it.
        for workspace in folders(in: place, besides: clusters.map(\.summary))
        where !workspace.isKept && workspace.backend == backend.name { try? workspace.remove() }
    }

    static func isAbandoned(_ cluster: ClusterSummary) -> Bool {
        guard let owner = cluster.owner, owner.hasEnded else { return false }
        // One that was just let go is kept by now; of one that was kept and is being taken down, the folder may be gone by now.
        return !cluster.wasKept && !cluster.workspace.isKept
    }

    /// The folders of dead owners whose clusters are none of these.
    private static func folders(in place: String, besides clusters: [ClusterSummary]) -> [Workspace] {
        let known = Set(clusters.map(\.id))
        return Workspace.all(in: place).filter { workspace in
            guard let mark = workspace.opened?.mark else { return false }
            return !known.contains(mark.cluster) && mark.owner.hasEnded
        }
    }
}

/// Something that was left behind.
package enum Leftover: Sendable {
    case cluster(ListedCluster)
    /// The folder of a cluster that no backend knows any more.
    case folder(Workspace)

    package var name: String {
        switch self {
        case .cluster(let cluster): cluster.summary.name
        case .folder(let workspace): workspace.folder
        }
    }
}

extension Leftovers {
    /// What there is on all backends, and among this user's temporary files.
    package static func found() async -> [Leftover] {
        let clusters = await ClusterCatalog.all(includingRemains: true)
        return clusters.filter { isAbandoned($0.summary) }.map { .cluster($0) }
            + folders(in: Workspace.place, besides: clusters.map(\.summary)).map { .folder($0) }
    }

    /// Removes what there is.
    ///
    /// - Returns: The names of what was removed.
    /// - Throws: ``ClusterError`` with the code `teardownFailed`.
    package static func prune() async throws -> [String] {
        let found = await found()
        for leftover in found {
            switch leftover {
            case .cluster(let cluster): try await cluster.remove()
            case .folder(let workspace): try workspace.remove()
            }
        }
        return found.map(\.name)
    }
}

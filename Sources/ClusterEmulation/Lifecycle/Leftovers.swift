import Foundation

/// Clusters whose owners died and whose reapers died too: removed when the next cluster starts.
enum Leftovers {
    private static let swept = Locked<Set<String>>([])

    /// Removes them, once per process and backend. Clusters that were kept on purpose stay.
    static func sweepOnce(_ backend: any Backend) async {
        if swept.withLock({ $0.insert(backend.name).inserted }) { await sweep(backend) }
    }

    static func sweep(_ backend: any Backend) async {
        // A sweep is a kindness to others: if it fails, this cluster is none the worse.
        for cluster in (try? await backend.clusters()) ?? [] where isAbandoned(cluster) {
            Progress.say("removing cluster \(cluster.name), whose owner has died")
            try? await backend.destroy(cluster.id)
            try? cluster.workspace?.remove()
        }
    }

    static func isAbandoned(_ cluster: ClusterSummary) -> Bool {
        guard let owner = cluster.owner, owner.hasEnded else { return false }
        return !(cluster.workspace.map { FileManager.default.fileExists(atPath: $0.keptMark) } ?? false)
    }
}

extension ClusterSummary {
    /// The cluster's folder, if the path that its label gives is one of ours.
    package var workspace: Workspace? {
        folder.hasPrefix("/") && folder.hasSuffix("/cf-" + id) ? Workspace(folder: folder) : nil
    }
}

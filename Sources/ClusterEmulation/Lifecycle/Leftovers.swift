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
            try? Workspace(cluster: cluster.id).remove()
        }
    }

    static func isAbandoned(_ cluster: ClusterSummary) -> Bool {
        guard let owner = cluster.owner, owner.hasEnded else { return false }
        return !FileManager.default.fileExists(atPath: Workspace(cluster: cluster.id).keptMark)
    }
}

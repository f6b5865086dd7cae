import Foundation

/// A cluster that is up, whichever process started it, as any process of the same user finds it.
package struct ListedCluster: Sendable {
    package let cluster: any BackendCluster
    package let summary: ClusterSummary
    /// What its folder says of it; nil while it is starting, or if its folder is gone.
    package let inventory: Inventory?
    /// Whether it stays when the process that started it ends.
    package let isKept: Bool

    init(_ cluster: any BackendCluster) {
        self.cluster = cluster
        summary = cluster.summary
        inventory = summary.inventory
        isKept = summary.workspace.isKept
    }

    /// Removes the cluster, whoever started it, with the connections of this machine to it.
    ///
    /// - Throws: ``ClusterError`` with the code `teardownFailed`.
    package func remove() async throws {
        do {
            try await uncancelled { [summary, cluster] in
                let sockets = summary.workspace.opened == nil ? nil : summary.workspace.socketFolder
                try await SharedConnections.close(in: sockets) { try await cluster.destroy() }
                try summary.workspace.remove()
            }
        } catch {
            throw ClusterError(
                .teardownFailed, "Cluster \(summary.name) could not be removed: \(error)", underlying: error,
                remedy: "By hand: \(cluster.removalCommand) && \(summary.workspace.removalCommand)")
        }
    }
}

/// The clusters of this user on this machine, on all backends.
package enum ClusterCatalog {
    /// All that there are, sorted by name; with remains those too of which no node is left, which takes longer. A backend
    /// that can't be asked has none.
    package static func all(includingRemains: Bool = false) async -> [ListedCluster] {
        await withTaskGroup(of: [ListedCluster].self) { group in
            for backend in BackendChoice.all {
                group.addTask {
                    ((try? await backend.clusters(includingRemains: includingRemains)) ?? []).map(ListedCluster.init)
                }
            }
            return await group.reduce(into: []) { $0 += $1 }.sorted {
                ($0.summary.name, $0.summary.id) < ($1.summary.name, $1.summary.id)
            }
        }
    }

    /// The cluster of a name or an id.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster`, which suggests the name that comes nearest, if there is none
    ///   of the name or more than one.
    package static func find(_ name: String) async throws -> ListedCluster {
        func isMeant(_ cluster: ListedCluster) -> Bool {
            cluster.summary.name == name || "\(cluster.summary.id)" == name
        }
        var clusters = await all()
        if !clusters.contains(where: isMeant) { clusters = await all(includingRemains: true) }
        let found = clusters.filter(isMeant)
        if found.count == 1 { return found[0] }
        if found.isEmpty {
            let known = clusters.map(\.summary.name)
            if let slash = name.firstIndex(of: "/"), known.contains(String(name[..<slash])) {
                throw ClusterError(
                    .noCluster, "\(ClusterConfiguration.printable(name)) is a node, and a whole cluster is wanted.",
                    remedy: "Write \(name[..<slash]).")
            }
            let near = nearest(to: name, among: known)
            throw ClusterError(
                .noCluster, "There is no cluster \"\(ClusterConfiguration.printable(name))\".",
                remedy: near.map { "Did you mean \($0)?" } ?? "`cluster-fixture list` shows the clusters that are up.")
        }
        throw ClusterError(
            .noCluster, "\(found.count) clusters have the name \(name).",
            remedy: "Say which one by its id: \(found.map(\.summary.id.description).joined(separator: ", ")).")
    }

    /// The name that is fewest changes away, if it is at most a third of the name's length, or two.
    package static func nearest(to name: String, among names: [String]) -> String? {
        names.map { (name: $0, distance: distance($0, name)) }.filter { $0.distance <= max(2, name.count / 3) }
            .min { $0.distance < $1.distance }?.name
    }

    /// How many characters have to be put in, left out or replaced (Levenshtein's distance).
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let next = min(row[column] + 1, row[column + 1] + 1, diagonal + (character == other ? 0 : 1))
                diagonal = row[column + 1]
                row[column + 1] = next
            }
        }
        return row[right.count]
    }
}

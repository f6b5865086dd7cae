/// What a cluster's folder says of itself, from the first moment on: who made it, which cluster's it is, and where that
/// cluster's nodes run. A folder without it was not made by us.
package struct ClusterMark: Sendable, Hashable {
    package let owner: ProcessIdentity
    package let cluster: ClusterID
    /// The name of the backend.
    package let backend: String

    package init(owner: ProcessIdentity = .current, cluster: ClusterID, backend: String) {
        self.owner = owner
        self.cluster = cluster
        self.backend = backend
    }

    /// The mark as a file's text: three lines. The reaper looks for the second.
    package var text: String { "\(owner.text)\n\(cluster)\n\(backend)\n" }

    package init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, lines[3].isEmpty, let owner = ProcessIdentity(text: String(lines[0])),
            let cluster = ClusterID(lines[1])
        else { return nil }
        self.init(owner: owner, cluster: cluster, backend: String(lines[2]))
    }
}

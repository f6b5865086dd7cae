/// A file system that has no room left, or can't be written.
enum DiskFault: Sendable, Hashable {
    case full(leaving: Int)
    case readOnly
}

extension DiskFault: NodeBreakage {
    var words: String {
        switch self {
        case .full(let bytes): "its disk has \(bytes) bytes left"
        case .readOnly: "its disk can only be read"
        }
    }

    var place: String {
        switch self {
        case .full: "disk full"
        case .readOnly: "disk read-only"
        }
    }

    func check() throws {
        if case .full(let bytes) = self, bytes < 0 {
            throw ClusterError(.invalidConfiguration, "A disk can't have \(bytes) bytes left.")
        }
    }

    func begin(on node: String, of cluster: any BackendCluster) async throws {
        try await set(node, cluster, isBroken: true)
    }

    func end(on node: String, of cluster: any BackendCluster) async throws {
        try await set(node, cluster, isBroken: false)
    }

    private func set(_ node: String, _ cluster: any BackendCluster, isBroken: Bool) async throws {
        switch self {
        case .full(let bytes):
            guard let shaping = cluster as? any DiskShaping else {
                throw ClusterError(
                    .backendUnavailable,
                    "The \(cluster.summary.backend) backend can't fill a node's disk: it is this machine's, or the engine's.",
                    node: node, remedy: "With namespaces a node's file system has a size of its own.")
            }
            try await shaping.fillDisk(of: node, leaving: isBroken ? bytes : nil)
        case .readOnly:
            let protection = try cluster.capability(
                (any DiskProtecting).self, "make a node's disk read-only", node: node)
            try await protection.protectDisk(of: node, isBroken)
        }
    }
}

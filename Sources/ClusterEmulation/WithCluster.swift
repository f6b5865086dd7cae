/// Starts a cluster, hands it to a closure, and removes it when the closure returns or throws.
///
/// If the closure throws, the evidence is saved first, in a folder that is named on standard error: the nodes' logs, how each of them is
/// doing, and a page with all that happened. `CLUSTER_FIXTURE_BREAK=failure` gives the terminal a shell into the cluster before it goes.
/// `CLUSTER_FIXTURE_KEEP=failure` or `=always` keeps the cluster.
///
/// ```swift
/// let kernel = try await withCluster(nodes: 3) { cluster in
///     try await cluster[0].run("uname -r").standardOutput
/// }
/// ```
///
/// ```swift
/// try await withCluster(nodes: 2, configure: { $0.limits.memory = 1 << 30 }) { cluster in … }
/// ```
///
/// - Parameters:
///   - nodes: How many nodes, where all are alike.
///   - roles: What nodes are there for, where they differ.
///   - image: What a node is made of.
///   - services: What runs on the nodes besides sshd.
///   - backend: Where the nodes run.
///   - name: A name for people, or nil to choose one.
///   - configure: Sets whatever else ``ClusterConfiguration`` has, before anything is checked or started.
///   - body: What to do with the cluster.
/// - Returns: What the closure returns.
/// - Throws: What the closure throws; ``ClusterError`` if the cluster can't be started or removed.
public nonisolated(nonsending) func withCluster<Result>(
    nodes: Int = 1,
    roles: [NodeRole] = [],
    image: NodeImage = .node,
    services: [any Service] = [],
    backend: BackendChoice = .automatic,
    name: String? = nil,
    configure: (inout ClusterConfiguration) -> Void = { _ in },
    _ body: nonisolated(nonsending) (Cluster) async throws -> Result
) async throws -> Result {
    var configuration = ClusterConfiguration(
        nodes: nodes, roles: roles, image: image, services: services, backend: backend, name: name)
    configure(&configuration)
    return try await withCluster(configuration, body)
}

/// Starts a cluster, hands it to a closure, and removes it when the closure returns or throws.
///
/// - Parameters:
///   - configuration: What the cluster is to be.
///   - body: What to do with the cluster.
/// - Returns: What the closure returns.
/// - Throws: What the closure throws; ``ClusterError`` if the cluster can't be started or removed.
public nonisolated(nonsending) func withCluster<Result>(
    _ configuration: ClusterConfiguration, _ body: nonisolated(nonsending) (Cluster) async throws -> Result
) async throws -> Result {
    let cluster = try await Cluster.start(configuration, timeline: Timeline(Progress()))
    let result: Result
    do {
        result = try await body(cluster)
    } catch {
        let failed = !(error is CancellationError)
        if failed { cluster.timeline.note(.issue, "\(error)") }
        // What the body threw is what the caller wants to know; a cluster that could not be removed is printed as well.
        do { try await aftermath(of: cluster, failed: failed).settle() } catch {
            Progress.say("\(error)")
        }
        throw error
    }
    try await aftermath(of: cluster, failed: false).settle()
    return result
}

private func aftermath(of cluster: Cluster, failed: Bool) -> Aftermath {
    Aftermath(of: cluster, failed: failed, work: "the work on cluster \(cluster.name)")
}

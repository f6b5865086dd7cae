/// Where clusters come from: a way to make them, and to find those that are there.
///
/// Keys, readiness, rollback, retention and SSH are shared code: a backend starts nodes with the files that the plan
/// gives it, and hands over the cluster, which can be asked everything else.
package protocol Backend: Sendable {
    /// A name for people, such as `docker`.
    var name: String { get }

    /// What its clusters are: the type tells what they can do besides.
    var clusterType: any BackendCluster.Type { get }

    /// Refuses what it was told of itself, and can't be so.
    func checkSettings() throws

    /// Whether the backend can run here, and if not, exactly why.
    func availability() async -> Availability

    /// Refuses what this backend can't make, before anything is started.
    func check(_ plan: ClusterPlan) throws

    /// Makes or finds what nodes of an image are made of.
    func prepare(_ image: NodeImage, timeline: Timeline) async throws -> PreparedImage

    /// Starts all nodes of a plan, in parallel. They may still be on their way up when it returns.
    ///
    /// - Parameters:
    ///   - plan: The plan, whose folder is there.
    ///   - credentials: The cluster's keys.
    ///   - images: Gives what ``prepare(_:timeline:)`` gives for the nodes' images; what doesn't depend on them can be done meanwhile.
    /// - Returns: The cluster, with its nodes in the plan's order.
    /// - Throws: ``UnfinishedCluster`` once something may be there; any other error before. When it throws, or is
    ///   cancelled, nothing that it began is still under way.
    func provision(
        _ plan: ClusterPlan, credentials: Credentials, images: @escaping @Sendable () async throws -> PreparedImages
    ) async throws -> any BackendCluster

    /// This user's clusters, whichever process made them; with remains those too of which no node is left, or none is
    /// there yet.
    func clusters(includingRemains: Bool) async throws -> [any BackendCluster]

    /// Why its nodes are not what a test needs; nil if they are.
    func lack(of need: ClusterNeed) async -> String?

    /// What a process that outlives this one has to do so that nothing is left of a cluster; nil if nothing need be
    /// done.
    func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript?
}

extension Backend {
    /// Most are told nothing that could be wrong.
    package func checkSettings() throws {}

    /// Without limits of its own, a backend makes whatever is asked for.
    package func check(_ plan: ClusterPlan) throws {}

    /// Most make machines of the cluster's own on this one.
    package func lack(of need: ClusterNeed) async -> String? { nil }
}

/// Whether a backend can run here.
package enum Availability: Sendable, Hashable {
    /// It can; the description says what it is, in half a line.
    case available(String)
    /// It can't, for this reason, and this heals it.
    case unavailable(reason: String, remedy: String)
}

/// What nodes of an image are made of, ready to be used.
package struct PreparedImage: Sendable, Hashable {
    /// What a cache has to keep: an image's name, or folders, the uppermost layer first.
    package let parts: [String]

    package init(_ parts: [String]) { self.parts = parts }
}

/// The prepared images of a cluster's nodes.
package struct PreparedImages: Sendable {
    private let images: [NodeImage: PreparedImage]

    /// Prepares each image once, one after the other: the next may have layers of the one before.
    package init(_ images: [NodeImage], by backend: any Backend, timeline: Timeline) async throws {
        var prepared: [NodeImage: PreparedImage] = [:]
        for image in images where prepared[image] == nil {
            prepared[image] = try await backend.prepare(image, timeline: timeline)
        }
        self.images = prepared
    }

    /// All of them.
    package var all: [NodeImage: PreparedImage] { images }

    package subscript(image: NodeImage) -> PreparedImage {
        guard let prepared = images[image] else { preconditionFailure("\(image) is an image of another plan") }
        return prepared
    }
}

/// What there is of a cluster whose start has failed half-way: it is the caller's to destroy.
package struct UnfinishedCluster: Error {
    package let cluster: any BackendCluster
    /// What the start has failed of.
    package let cause: any Error

    package init(_ cluster: any BackendCluster, cause: any Error) {
        self.cluster = cluster
        self.cause = cause
    }
}

/// A shell script of ours and the words it gets as `$1`, `$2` and so on.
package struct ReapingScript: Sendable {
    package let text: String
    package let arguments: [String]
    /// What is to be done before the cluster's folder goes, which is `$1`; `$2` is its mark and `$3` the cluster's id.
    package let first: String

    package init(_ text: String, arguments: [String], first: String = "") {
        self.text = text
        self.arguments = arguments
        self.first = first
    }
}

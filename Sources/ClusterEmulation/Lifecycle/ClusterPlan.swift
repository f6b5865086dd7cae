/// A cluster that is planned but not started: checked settings, names, and a folder for its files.
package struct ClusterPlan: Sendable {
    package typealias ID = ClusterID

    package let id: ID
    package let name: String
    package let configuration: ClusterConfiguration
    package let nodeNames: [String]
    package let workspace: Workspace

    /// Checks a configuration and plans a cluster.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`, before anything is started.
    package init(_ configuration: ClusterConfiguration) throws {
        try configuration.validate()
        id = .random()
        name = configuration.name ?? "cluster-\(id.description.prefix(4))"
        self.configuration = configuration
        nodeNames = (1...configuration.nodes).map { "node\($0)" }
        workspace = Workspace(cluster: id)
    }
}

/// A cluster that has been thought through but not begun: checked settings, names, and a folder for its files.
package struct ClusterPlan: Sendable {
    /// What tells one cluster from every other, on this machine and any: ten hexadecimal digits.
    package typealias ID = String
    static let idLength = 10

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
        id = (0..<Self.idLength).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
        name = configuration.name ?? "cluster-\(id.prefix(4))"
        self.configuration = configuration
        nodeNames = (1...configuration.nodes).map { "node\($0)" }
        workspace = Workspace(cluster: id)
    }
}

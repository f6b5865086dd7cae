/// Remembers which clusters tests had, from test to test and from suite to suite.
actor SeenClusters {
    /// Those of the tests of `SuiteTests`.
    static let ofTheSuite = SeenClusters()
    /// Those of the suites that share a cluster, `CommandTests` and `AllNodesTests`.
    static let shared = SeenClusters()
    /// Those of the tests of `ClusterOfTheClassTests`.
    static let ofTheClass = SeenClusters()

    private var ids: Set<String> = []

    /// Adds a cluster's id, and returns all ids that were added so far.
    func adding(_ id: String) -> Set<String> {
        ids.insert(id)
        return ids
    }
}

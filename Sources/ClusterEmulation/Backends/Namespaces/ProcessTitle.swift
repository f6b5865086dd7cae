/// What the processes that hold a cluster show in the place of a command line.
///
/// Nothing that a test may look for among processes (`pgrep -f`) is in it: no name that a user has given, and no word such as "node",
/// which is also a program's.
enum ProcessTitle {
    /// The process that holds a cluster together.
    static func lifeline(of cluster: ClusterID) -> String { "cluster-fixture: cluster \(cluster)" }

    /// The first process of a node. Like that of any machine, it is called `init`.
    static func node(_ number: Int, of cluster: ClusterID) -> String { "init [cluster-fixture \(cluster)/\(number)]" }
}

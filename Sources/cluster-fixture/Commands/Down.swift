import ArgumentParser
import ClusterEmulation

struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Removes clusters.",
        discussion: """
            EXAMPLE:
              cluster-fixture down lab
            """)

    @Argument(help: "The clusters' names or ids.", completion: .clusters)
    var clusters: [String] = []

    @Flag(help: "Remove all clusters that `up` has started. Clusters of running tests are left alone.")
    var all = false

    func validate() throws {
        if all != clusters.isEmpty { throw ValidationError("Name the clusters, or write --all, not both.") }
    }

    func run() async throws {
        var found = all ? await ClusterCatalog.all().filter(\.isKept) : []
        for name in clusters { found.append(try await ClusterCatalog.find(name)) }
        if found.isEmpty { Console.note("There are no clusters.") }
        for cluster in found {
            try await cluster.remove()
            Console.note("\(cluster.summary.name) is gone")
        }
    }
}

import ArgumentParser
import ClusterEmulation

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a cluster what it was when `snapshot` kept its files.",
        discussion: """
            All processes end; names, addresses, ports and keys stay. A cluster with services is refused.

            EXAMPLE:
              cluster-fixture restore lab warm
            """)

    @Argument(help: "The cluster: its name or id.", completion: .clusters)
    var cluster: String

    @Argument(help: "The name under which its files were kept.")
    var name: String

    func run() async throws {
        let found = try await ClusterCatalog.find(cluster)
        try await found.restore(name)
        Console.note("\(found.summary.name) is what it was at \(name)")
    }
}

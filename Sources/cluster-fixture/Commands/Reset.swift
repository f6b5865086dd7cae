import ArgumentParser
import ClusterEmulation

struct Reset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a cluster as new: processes are gone, files as they were at the start.",
        discussion: """
            Names, addresses, ports and keys stay. It takes a fraction of the time that another cluster would. A \
            cluster with services is refused: only the process that started it can start them again.

            EXAMPLE:
              cluster-fixture reset lab
            """)

    @Argument(help: "The cluster: its name or id.", completion: .clusters)
    var cluster: String

    func run() async throws {
        let found = try await ClusterCatalog.find(cluster)
        try await found.reset()
        Console.note("\(found.summary.name) is as new")
    }
}

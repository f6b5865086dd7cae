import ArgumentParser
import ClusterEmulation
import Foundation

struct EvidenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence",
        abstract: "Saves how a cluster's nodes are doing, and all that happened to them.",
        discussion: """
            The folder gets timeline.html, a page that shows what happened; timeline.jsonl, the same as lines of JSON; \
            junit.xml; and for each node NODE.log, NODE.txt (processes, sockets, disk, limits, commands), its services' logs \
            and NODE.pcap if its packets are recorded. Standard output gets the folder.

            EXAMPLE:
              pytest tests/ || cluster-fixture evidence lab --to evidence
            """)

    @Argument(help: "The cluster's name or id.", completion: .clusters)
    var cluster: String

    @Option(help: "The folder; by default one of its own where logs are saved.", completion: .directory)
    var to: String?

    @Option(help: "What has failed, for the page's title.")
    var work: String?

    func run() async throws {
        let found = try await ClusterCatalog.find(cluster)
        let evidence = await found.evidence(of: work ?? "the work on cluster \(found.summary.name)")
        let folder = try to.map { try OwnFolder.ensured($0, for: .anyone) } ?? Aftermath.newFolder(for: found.summary)
        try evidence.write(to: folder)
        Console.result(folder.path)
    }
}

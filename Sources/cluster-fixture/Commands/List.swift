import ArgumentParser
import ClusterEmulation
import Foundation

struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists this user's clusters, including those of running tests.",
        discussion: """
            EXAMPLE:
              cluster-fixture list --json | jq -r '.[].name'
            """)

    @Flag(help: "Print the clusters' inventories as a JSON list.")
    var json = false

    func run() async throws {
        let clusters = await ClusterCatalog.all()
        if json {
            let texts = clusters.compactMap(\.inventory).map { String($0.json.dropLast()) }
            Console.result(texts.isEmpty ? "[]" : "[\n" + texts.joined(separator: ",\n") + "\n]")
        } else if clusters.isEmpty {
            Console.note("There are no clusters.")
        } else {
            Console.result(Console.table([["NAME", "ID", "BACKEND", "NODES", "STAYS"]] + clusters.map(row)))
        }
    }

    private func row(_ cluster: ListedCluster) -> [String] {
        [
            cluster.summary.name, "\(cluster.summary.id)", cluster.summary.backend,
            cluster.inventory.map { "\($0.nodes.count)" } ?? "starting",
            cluster.isKept ? "until `down`" : "with process \(cluster.summary.owner?.processID ?? 0)",
        ]
    }

    static func nodeTable(_ inventory: Inventory) -> String {
        Console.table(
            [["NODE", "IP", "REACHED AT"]] + inventory.nodes.map { [$0.name, $0.ip, "\($0.host):\($0.port)"] })
    }
}

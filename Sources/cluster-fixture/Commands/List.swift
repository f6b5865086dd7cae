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
            Console.result(
                Console.table([["NAME", "ID", "BACKEND", "NODES", "SERVICES", "STAYS"]] + clusters.map(row)))
        }
    }

    private func row(_ cluster: ListedCluster) -> [String] {
        [
            cluster.summary.name, "\(cluster.summary.id)", cluster.summary.backend,
            cluster.inventory.map(nodes) ?? "starting",
            cluster.inventory.map { $0.services.map(\.name).joined(separator: ", ") } ?? "",
            cluster.isKept ? "until `down`" : "with process \(cluster.summary.owner?.processID ?? 0)",
        ]
    }

    /// How many there are, of which roles.
    private func nodes(_ inventory: Inventory) -> String {
        let roles = inventory.roles.map { role in "\(inventory.nodes.count { $0.role == role }) \(role)" }
        return roles.isEmpty ? "\(inventory.nodes.count)" : roles.joined(separator: ", ")
    }

    static func nodeTable(_ inventory: Inventory) -> String {
        Console.table(
            [["NODE", "IP", "REACHED AT", "SERVICES"]]
                + inventory.nodes.map { node in
                    [
                        node.name, node.ip, node.proxyJump.map { "by way of \($0)" } ?? "\(node.host):\(node.port)",
                        inventory.services.filter { $0.nodes.contains(node.name) }.map(\.name).joined(separator: ", "),
                    ]
                })
    }

    /// Where services are reached.
    static func endpointTable(_ inventory: Inventory) -> String {
        Console.table(
            [["SERVICE", "NODE", "OPEN"]]
                + inventory.services.flatMap { service in service.endpoints.map { [service.name, $0.node, $0.url] } })
    }
}

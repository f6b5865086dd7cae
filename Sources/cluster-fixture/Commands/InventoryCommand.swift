public import ArgumentParser
public import ClusterEmulation

struct InventoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory", abstract: "Writes where the nodes are, for other programs.",
        discussion: """
            EXAMPLES:
              cluster-fixture inventory lab --format ansible > lab.ini && ansible -i lab.ini all -m ping
              eval "$(cluster-fixture inventory lab --format env)" && ssh -F "$CLUSTER_SSH_CONFIG" node1
            """)

    @Argument(help: "The cluster's name or id.", completion: .clusters)
    var cluster: String

    @Option(
        name: .shortAndLong, help: "The format: \(InventoryFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: InventoryFormat = .json

    func run() async throws {
        let text = try await ClusterCatalog.find(cluster).requireInventory().text(format)
        Console.result(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }
}

extension InventoryFormat: ExpressibleByArgument {}

import ArgumentParser
import ClusterEmulation

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Starts a cluster that stays until `down`, and survives this shell.",
        discussion: """
            Standard output gets the cluster's name alone, or with --json its inventory.

            EXAMPLES:
              cluster-fixture up --nodes 3 --name lab && cluster-fixture ssh lab/node1
              cluster-fixture up -f cluster.yaml --nodes 5
              cluster-fixture up --role login --role compute=3 --service slurm --service shared-folder=/home --name lab
            """)

    @OptionGroup var options: ClusterOptions

    @Flag(help: "Print the inventory instead of the name.")
    var json = false

    func run() async throws {
        let configuration = try options.configuration()
        try configuration.validate()
        let claim = try await configuration.claimName()
        defer { claim?.release() }
        let inventory = try await Interruptible.run {
            let cluster = try await Cluster.start(configuration, timeline: .console())
            let inventory = cluster.inventory
            _ = try await cluster.keep()
            return inventory
        }
        if Console.isTerminal {
            Console.note("\n" + List.nodeTable(inventory) + "\n")
            if inventory.services.contains(where: { !$0.endpoints.isEmpty }) {
                Console.note(List.endpointTable(inventory) + "\n")
            }
            let first = inventory.nodes.first?.name ?? ""
            Console.note("Next: " + Console.strong("cluster-fixture ssh \(inventory.name)/\(first)"))
        }
        Console.result(json ? String(inventory.json.dropLast()) : inventory.name)
    }
}

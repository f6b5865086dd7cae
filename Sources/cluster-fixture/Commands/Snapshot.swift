import ArgumentParser
import ClusterEmulation

struct Snapshot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keeps the files of a node as an image, or those of a whole cluster for `restore`.",
        discussion: """
            The nodes are frozen meanwhile, and go on afterwards. The image's name is printed: other clusters can be made of it. What is \
            kept of a whole cluster goes with the cluster, which may have no services.

            EXAMPLES:
              cluster-fixture up --image $(cluster-fixture snapshot lab/node1)
              cluster-fixture snapshot lab warm
              cluster-fixture restore lab warm
            """)

    @Argument(help: "The node or the cluster: CLUSTER/NODE, or CLUSTER.", completion: .places)
    var place: Place

    @Argument(help: "A name for what is kept of a whole cluster.")
    var name: String?

    func validate() throws {
        if (place.node == nil) == (name == nil) {
            throw ValidationError(
                "Write CLUSTER/NODE alone for an image of a node (`snapshot lab/node1`), or CLUSTER and a name to keep the files of all nodes (`snapshot lab warm`)."
            )
        }
    }

    func run() async throws {
        guard let name else {
            let (found, _, node) = try await place.find()
            print(try await found.cluster.whileFrozen([node.name]) { try await $0.image(of: node.name) })
            return
        }
        let found = try await ClusterCatalog.find(place.cluster)
        try await found.snapshot(name)
        Console.note("the files of \(found.summary.name) are kept as \(name)")
    }
}

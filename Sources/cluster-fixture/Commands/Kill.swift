import ArgumentParser
import ClusterEmulation

struct Kill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ends nodes at once, as a power cut would; the others live on.",
        discussion: """
            A node that has ended already stays as it is.

            EXAMPLE:
              cluster-fixture kill lab/node2
            """)

    @Argument(help: "The nodes: CLUSTER/NODE, such as lab/node2.", completion: .places)
    var places: [Place]

    func validate() throws {
        for place in places where place.node == nil {
            throw ValidationError("Say which node of \(place.cluster): write \(place.cluster)/NODE.")
        }
    }

    func run() async throws {
        for place in places {
            let (found, _, node) = try await place.find()
            guard let cluster = found.cluster as? any NodePower else {
                throw ClusterError(
                    .backendUnavailable, "The \(found.summary.backend) backend can't kill a single node.",
                    node: node.name)
            }
            try await cluster.kill(node.name)
            found.timeline.note(.killed, node: node.name)
            Console.note("\(node.name) of \(found.summary.name) has ended")
        }
    }
}

import ArgumentParser
import ClusterEmulation

/// Nodes that something is done to, one after the other.
struct NodePlaces: ParsableArguments {
    @Argument(help: "The nodes: CLUSTER/NODE, such as lab/node2.", completion: .places)
    var places: [Place]

    func validate() throws {
        for place in places where place.node == nil {
            throw ValidationError("Write CLUSTER/NODE, such as lab/node1: \"\(place.cluster)\" names no node.")
        }
    }

    /// Does something to each node, notes it, and says on standard error what is the case now.
    func each(_ said: String, noting kind: Event.Kind, _ body: (ListedCluster, String) async throws -> Void)
        async throws
    {
        for place in places {
            let (found, _, node) = try await place.find()
            try await body(found, node.name)
            found.timeline.note(kind, node: node.name)
            Console.note("\(node.name) of \(found.summary.name) \(said)")
        }
    }
}

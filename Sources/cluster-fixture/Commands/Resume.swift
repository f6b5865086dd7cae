import ArgumentParser
import ClusterEmulation

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets paused nodes go on.",
        discussion: """
            A node that is not paused stays as it is.

            EXAMPLE:
              cluster-fixture resume lab/node2
            """)

    @OptionGroup var nodes: NodePlaces

    func run() async throws {
        try await nodes.each("goes on", noting: .resumed) { found, node in
            try await found.cluster.capability((any NodePausing).self, "resume a node", node: node).resume(node)
        }
    }
}

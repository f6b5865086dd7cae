import ArgumentParser
import ClusterEmulation

struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Freezes nodes: nothing on them does anything, connections stay open, nothing answers.",
        discussion: """
            A node that is paused stays as it is. `resume` lets it go on.

            EXAMPLE:
              cluster-fixture pause lab/node2
            """)

    @OptionGroup var nodes: NodePlaces

    func run() async throws {
        try await nodes.each("is paused", noting: .paused) { found, node in
            try await found.cluster.capability((any NodePausing).self, "pause a node", node: node).pause(node)
        }
    }
}

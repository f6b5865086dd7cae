import ArgumentParser
import ClusterEmulation

struct Kill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ends nodes at once, as a power cut would; the others live on.",
        discussion: """
            A node that has ended already stays as it is. `start` starts it again.

            EXAMPLE:
              cluster-fixture kill lab/node2
            """)

    @OptionGroup var nodes: NodePlaces

    func run() async throws {
        try await nodes.each("has ended", noting: .killed) { found, node in
            try await found.cluster.capability((any NodePower).self, "kill a single node", node: node).kill(node)
        }
    }
}

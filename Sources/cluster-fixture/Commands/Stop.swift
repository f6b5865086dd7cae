import ArgumentParser
import ClusterEmulation

struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ends nodes in order: what runs on them gets SIGTERM, and is killed after some seconds.",
        discussion: """
            Files, names, addresses, keys and ports stay. A node that has ended already stays as it is.

            EXAMPLE:
              cluster-fixture stop lab/node2
            """)

    @OptionGroup var nodes: NodePlaces

    func run() async throws {
        try await nodes.each("has ended", noting: .ended) { try await $0.stop($1) }
    }
}

import ArgumentParser
import ClusterEmulation

struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Starts nodes that have ended: the same machines, with their files.",
        discussion: """
            Returns when sshd answers. What ran on them besides sshd is not started again. A node that runs stays as it is.

            EXAMPLE:
              cluster-fixture start lab/node2
            """)

    @OptionGroup var nodes: NodePlaces

    func run() async throws {
        try await nodes.each("is up", noting: .started) { try await $0.start($1) }
    }
}

import ArgumentParser
import ClusterEmulation

struct Restart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops nodes in order, and starts them again.",
        discussion: """
            Returns when sshd answers. What ran on them besides sshd is not started again.

            EXAMPLE:
              cluster-fixture restart lab/node2
            """)

    @OptionGroup var nodes: NodePlaces

    func run() async throws {
        try await nodes.each("is up", noting: .started) {
            try await $0.stop($1)
            $0.timeline.note(.ended, node: $1, "stopped")
            try await $0.start($1)
        }
    }
}

import ArgumentParser
import ClusterEmulation

struct Prune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Removes what dead processes left behind, on every backend.",
        discussion: """
            Clusters that `up` has started stay, and so do those whose process is alive.

            EXAMPLE:
              cluster-fixture prune
            """)

    func run() async throws {
        let removed = try await Leftovers.prune()
        for name in removed { Console.result(name) }
        if removed.isEmpty { Console.note("Nothing was left behind.") }
    }
}

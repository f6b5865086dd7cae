import ArgumentParser
import ClusterEmulation

struct Prune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Removes what dead processes left behind, on every backend.",
        discussion: """
            Clusters that `up` has started stay, and so do those whose process is alive. --images also removes images that \
            nothing runs on and that another version has made, or that were not used for 30 days (with Docker: that were made 30 days ago).

            EXAMPLES:
              cluster-fixture prune
              cluster-fixture prune --images --unused-for 7
            """)

    @Flag(help: "Remove images as well.")
    var images = false

    @Option(help: "With --images: after how many days without use an image is removed. (default: 30)")
    var unusedFor: Int?

    func validate() throws {
        if unusedFor != nil, !images { throw ValidationError("--unused-for goes with --images.") }
        if let unusedFor, unusedFor < 0 { throw ValidationError("--unused-for takes a number of days, 0 or more.") }
    }

    func run() async throws {
        var removed = try await Leftovers.prune() + KeptImages.removeUnfinished()
        if images { removed += try await KeptImages.prune(unusedFor: unusedFor ?? 30) }
        for name in removed { Console.result(name) }
        if removed.isEmpty { Console.note("Nothing was left behind.") }
    }
}

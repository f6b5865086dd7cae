import ArgumentParser
import ClusterEmulation
import Foundation

struct Images: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the images, root file systems and layers that are kept, and what uses them; or removes some.",
        discussion: """
            `prune --images` removes those that nothing runs on and that another version has made, or that were not used \
            for 30 days (with Docker: that were made 30 days ago).

            EXAMPLES:
              cluster-fixture images --json | jq 'map(.size) | add'
              cluster-fixture images --remove snapshot-21535f97c3                   (namespaces)
              cluster-fixture images --remove cluster-fixture/snapshot:21535f97c3   (Docker)
            """)

    @Flag(help: "Print them as a JSON list; sizes are in bytes, times as in ISO 8601.")
    var json = false

    @Option(help: "Remove this one, on which no cluster runs.")
    var remove: [String] = []

    func run() async throws {
        for name in remove {
            try await KeptImages.remove(name)
            Console.note("\(name) is removed")
        }
        if !remove.isEmpty { return }
        let images = await KeptImages.all()
        if json {
            Console.result(jsonText(images))
        } else if images.isEmpty {
            Console.note("There are no images.")
        } else {
            let head = ["NAME", "WHAT", "BACKEND", "SIZE", "USED", "CLUSTERS"]
            Console.result(Console.table([head] + images.map(row)))
        }
    }

    private func row(_ image: KeptImage) -> [String] {
        let state = image.isUnfinished ? " (unfinished)" : image.isCurrent ? "" : " (another version's)"
        return [
            image.name, image.image + state, image.backend,
            Int64(image.size).formatted(.byteCount(style: .file)), Self.age(image.used),
            image.clusters.joined(separator: " "),
        ]
    }

    private static func age(_ date: Date) -> String {
        let days = Int(-date.timeIntervalSinceNow / 86400)
        return days < 1 ? "today" : days == 1 ? "yesterday" : "\(days) days ago"
    }
}

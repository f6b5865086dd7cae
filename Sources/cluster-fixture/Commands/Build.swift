import ArgumentParser
import ClusterEmulation

struct Build: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes images and layers ahead of time, for the caches of CI.",
        discussion: """
            What is there already is left alone. Standard output gets what a cache has to keep: the image's name, or the \
            layers' folders.

            EXAMPLE:
              cluster-fixture build --image dask --backend namespaces
              cluster-fixture build --package redis-server --requirements requirements.txt
            """)

    @OptionGroup var image: ImageOptions

    @Option(help: "Where the nodes are to run: automatic, docker or namespaces.", completion: .backends)
    var backend = "automatic"

    func run() async throws {
        let plan = try ClusterPlan(ClusterConfiguration(image: image.image()))
        let backend = try await BackendChoice.named(backend).resolve()
        try backend.check(plan)
        for line in try await backend.prepare(plan.configuration.image, timeline: .console()).parts {
            Console.result(line)
        }
    }
}

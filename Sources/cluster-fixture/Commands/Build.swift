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
            """)

    @Option(help: "The image: node, dask, the name of an image, or a Dockerfile's path.", completion: .file())
    var image = "node"

    @Option(help: "Where the nodes are to run: automatic, docker or namespaces.", completion: .backends)
    var backend = "automatic"

    func run() async throws {
        let backend = try await ClusterOptions.backend(backend).resolve()
        for line in try await backend.prepare(ClusterOptions.image(image), timeline: .console()).parts {
            Console.result(line)
        }
    }
}

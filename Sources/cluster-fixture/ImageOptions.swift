import ArgumentParser
import ClusterEmulation
import Foundation

/// What a node is to be made of, as `run`, `up` and `build` are told.
struct ImageOptions: ParsableArguments {
    @Option(
        name: .customLong("image"),
        help: "What a node is made of: node, dask, laserfarm, an image's name, or a Dockerfile's path. (default: node)",
        completion: .file())
    var name: String?

    @Option(help: "Another base of node or dask, such as debian:bookworm or ubuntu:24.04.")
    var base: String?

    @Option(
        help: "A root file system to stand nodes on: a folder or a tar archive (namespaces only).",
        completion: .file())
    var rootFileSystem: String?

    @Option(name: .customLong("package"), help: "A package of the distribution's that the nodes have besides.")
    var packages: [String] = []

    @Option(help: "What pip installs on top: a file of requirements.", completion: .file())
    var requirements: String?

    @Option(help: "A script that is run as root on top of all that, when the image is made.", completion: .file())
    var provision: String?

    func validate() throws {
        if base != nil, rootFileSystem != nil || ![nil, "node", "dask"].contains(name) {
            throw ValidationError("--base goes with the images node and dask: others have a base of their own.")
        }
        if rootFileSystem != nil, ![nil, "node"].contains(name) {
            throw ValidationError("--root-file-system takes the place of --image: leave out one of them.")
        }
        if let name, Self.isPath(name), !FileManager.default.fileExists(atPath: name) {
            throw ValidationError(
                "There is no file \(name). (Another release is `--base debian:trixie`. `--image NAME` is an engine's image that derives from this package's.)"
            )
        }
    }

    /// What the options say, which win over what a file says, and what they add to it.
    func image(over image: NodeImage = .node) -> NodeImage {
        (below ?? image).adding(packages: packages, requirements: requirements, script: provision)
    }

    /// What is said by options; nil if they say nothing.
    private var below: NodeImage? {
        if let rootFileSystem { return .rootFileSystem(Self.absolute(rootFileSystem)) }
        return switch name {
        case nil: base.map(NodeImage.node(basedOn:))
        case "node": base.map(NodeImage.node(basedOn:)) ?? .node
        case "dask": base.map(NodeImage.dask(basedOn:)) ?? .dask
        case "laserfarm": .laserfarm
        case let path? where Self.isPath(path) || path.contains("/") && FileManager.default.fileExists(atPath: path):
            .dockerfile(Self.absolute(path), context: (Self.absolute(path) as NSString).deletingLastPathComponent)
        case let name? where name.hasPrefix("snapshot-"): .snapshot(name)
        case let name?: .named(name)
        }
    }

    /// Whether it can only be a file's path: no engine has an image of such a name.
    private static func isPath(_ name: String) -> Bool {
        ["/", "./", "../", "~"].contains(where: name.hasPrefix)
            || (name as NSString).lastPathComponent.contains("Dockerfile")
    }

    static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
}

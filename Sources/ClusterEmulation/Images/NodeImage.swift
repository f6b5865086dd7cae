/// What a node is made of.
public struct NodeImage: Sendable, Hashable, CustomStringConvertible {
    package enum Source: Sendable, Hashable {
        /// One of this package's images, on its own base image or another one.
        case package(target: String, base: String?)
        case dockerfile(path: String, context: String, target: String?, arguments: [String: String])
        case named(String)
        case rootFileSystem(String)
    }

    package let source: Source
    /// A short name for people.
    public let description: String

    /// Debian with sshd, Python 3 and rsync: small and quick to build.
    public static let node = package(target: "node", base: nil)

    /// The node with Dask, distributed, dask-jobqueue, JupyterLab, laserfarm and laserchicken on top.
    public static let dask = package(target: "dask", base: nil)

    /// The node on another apt-based base image, such as `ubuntu:24.04`.
    public static func node(basedOn base: String) -> NodeImage { package(target: "node", base: base) }

    /// The Dask node on another apt-based base image, such as `ubuntu:24.04`.
    public static func dask(basedOn base: String) -> NodeImage { package(target: "dask", base: base) }

    /// An image that the engine has or can pull.
    ///
    /// It must be derived from one of this package's images: its Dockerfile begins `FROM` an image that
    /// `docker build . -f docker/Dockerfile` made. The entry point that it inherits hands each node its keys.
    public static func named(_ name: String) -> NodeImage { NodeImage(source: .named(name), description: name) }

    /// An image built at need from a Dockerfile of yours, derived from one of this package's images.
    ///
    /// - Parameters:
    ///   - path: The Dockerfile.
    ///   - context: The folder that the build sees; it is built again when a file in there changes.
    ///   - target: The stage to build; nil means the last one.
    ///   - arguments: Build arguments. They end up in the image's history, so they must not be secrets.
    /// - Returns: The image, not built yet.
    public static func dockerfile(
        _ path: String, context: String, target: String? = nil, arguments: [String: String] = [:]
    ) -> NodeImage {
        NodeImage(
            source: .dockerfile(path: path, context: context, target: target, arguments: arguments),
            description: path
        )
    }

    /// The node on a root file system of yours: a folder, as debootstrap makes one, or a tar archive, as `docker export`
    /// writes one. For the namespaces backend.
    ///
    /// It has to have `apt-get`. It is only read: what a node needs is installed once, in a layer over it.
    ///
    /// - Parameter path: The absolute path of the folder or archive.
    /// - Returns: The image.
    public static func rootFileSystem(_ path: String) -> NodeImage {
        NodeImage(source: .rootFileSystem(path), description: path)
    }

    private static func package(target: String, base: String?) -> NodeImage {
        NodeImage(
            source: .package(target: target, base: base),
            description: base.map { "\(target) on \($0)" } ?? target)
    }
}

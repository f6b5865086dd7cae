/// What a node is made of.
public struct NodeImage: Sendable, Hashable, CustomStringConvertible {
    package enum Source: Sendable, Hashable {
        /// One of this package's images, on its own base image or another one.
        case package(target: String, base: String?)
        case dockerfile(path: String, context: String, target: String?, arguments: [String: String])
        case named(String)
        case rootFileSystem(String)
        case snapshot(String)
    }

    package let source: Source
    /// Layers on top, the lowest first.
    package private(set) var additions: [ImageAddition] = []
    /// A short name for people.
    public private(set) var description: String

    /// Debian with sshd, Python 3 and rsync: small and quick to build.
    public static let node = package(target: "node", base: nil)

    /// The node with Dask, distributed, dask-jobqueue, JupyterLab and laserchicken on top.
    public static let dask = package(target: "dask", base: nil)

    /// What ``dask`` has and Laserfarm, with GDAL and PDAL, on Debian 11: the last Debian that has PDAL.
    ///
    /// Its Python is 3.9, and the other libraries are the last that it can have. With Docker it stands on `debian:bullseye-slim`.
    public static let laserfarm = package(target: "laserfarm", base: "debian:bullseye-slim", description: "laserfarm")

    /// The node on another base: `debian:bookworm`, say, or `ubuntu:24.04`.
    ///
    /// The namespaces backend makes the releases `debian:bullseye`, `debian:bookworm`, `debian:trixie`, `ubuntu:22.04` and
    /// `ubuntu:24.04` of their archives. The docker backend takes the name, or the digest, of any image that has apt.
    public static func node(basedOn base: String) -> NodeImage { package(target: "node", base: base) }

    /// The Dask node on another base, as with ``node(basedOn:)``; it has to have Python 3.11 or later.
    public static func dask(basedOn base: String) -> NodeImage { package(target: "dask", base: base) }

    /// An image that the engine has or can pull.
    ///
    /// It must be derived from one of this package's images: its Dockerfile begins `FROM` an image that
    /// `docker build . -f docker/Dockerfile` made. The entry point that it inherits hands each node its keys.
    public static func named(_ name: String) -> NodeImage { NodeImage(source: .named(name), description: name) }

    /// An image built at need from a Dockerfile of yours.
    ///
    /// With Docker it has to be derived from one of this package's images. The namespaces backend builds it with buildah, and
    /// takes its files alone: they have to have `apt-get`, and what a node needs is installed over them.
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

    /// An image that was made of a node, by ``Node/snapshot()``, under the name that it got.
    public static func snapshot(_ name: String) -> NodeImage { NodeImage(source: .snapshot(name), description: name) }

    /// Removes an image that was made of a node, which nothing runs on any more. Otherwise it stays until `cluster-fixture images --remove NAME`, or until
    /// `cluster-fixture prune --images` finds that another version made it, or that it was not used for 30 days (with Docker: was made 30 days ago).
    ///
    /// - Throws: ``ClusterError`` if something runs on it, or it is an image of another kind.
    public func removeSnapshot() async throws {
        guard case .snapshot(let name) = source else {
            throw ClusterError(.invalidConfiguration, "\(self) was not made of a node, and is not removed.")
        }
        try await KeptImages.removeSnapshot(name)
    }

    /// The image with one more layer: packages of the distribution, then what a list of Python's requirements says, then what a
    /// script of yours does. Each is left out if it isn't given.
    ///
    /// The layer is made once, and again when the names of packages or the content of a file change. Versions are those of the
    /// day on which it was made.
    ///
    /// - Parameters:
    ///   - packages: Names of Debian's or Ubuntu's packages, as `apt-get install` takes them. What they only recommend is left out.
    ///   - requirements: A file for `pip install --requirement` that refers to no other file; with hashes if you like. They get
    ///     to `/usr/local`, where `python3` finds them.
    ///   - script: A program that is run once as root in the image, with a way to the network. Without a `#!` it is a script for
    ///     `sh`.
    /// - Returns: The image, not made yet. Names and files are checked before a cluster starts.
    public func adding(packages: [String] = [], requirements: String? = nil, script: String? = nil) -> NodeImage {
        let addition = ImageAddition(packages: packages, requirements: requirements, script: script)
        return addition.description.isEmpty ? self : adding(addition)
    }

    private func adding(_ addition: ImageAddition) -> NodeImage {
        var image = self
        image.additions.append(addition)
        image.description += (additions.isEmpty ? " with " : ", ") + addition.description
        return image
    }

    /// The image with what ``dask`` has, if it is one of ``node``'s. Others have it, or are somebody's own.
    var withDask: NodeImage {
        guard case .package("node", let base) = source else { return self }
        return additions.reduce(Self.package(target: "dask", base: base)) { $0.adding($1) }
    }

    /// Whether programs of the image look for an RSA pair of the user's: Laserfarm's examples log in with `~/.ssh/id_rsa`. It takes
    /// a processor 0.1 to 0.2 seconds to make, so that other images have none.
    var wantsRSAKey: Bool {
        if case .package("laserfarm", _) = source { true } else { false }
    }

    /// Refuses what can't be an image with any backend.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`.
    package func validate() throws {
        if case .package(_, let base?) = source,
            base.isEmpty || base.contains(where: { $0.isWhitespace || $0.isNewline || !$0.isASCII })
        {
            throw ClusterError(
                .invalidConfiguration,
                "\"\(ClusterConfiguration.printable(base))\" is not a name that a base image can have.")
        }
        if case .snapshot(let name) = source, name.wholeMatch(of: /snapshot-[0-9a-f]+/) == nil {
            throw ClusterError(
                .invalidConfiguration,
                "\"\(ClusterConfiguration.printable(name))\" is not a snapshot's name, as `cluster-fixture images` shows it."
            )
        }
        for addition in additions { try addition.validate() }
    }

    private static func package(target: String, base: String?, description: String? = nil) -> NodeImage {
        NodeImage(
            source: .package(target: target, base: base),
            description: description ?? base.map { "\(target) on \($0)" } ?? target)
    }
}

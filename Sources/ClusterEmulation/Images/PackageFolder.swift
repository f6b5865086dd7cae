/// The checkout of this package that the running program was built from, where users may have key pairs of their own.
///
/// It may be gone, and somebody else's by now: see ``OwnKeys``.
enum PackageFolder {
    /// Found from where this file was compiled, so that a dependency in `.build/checkouts` works like a clone.
    static let path: String = {
        let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return here.dropLast("Sources/ClusterEmulation/Images/PackageFolder.swift".split(separator: "/").count)
            .joined(separator: "/")
    }()
}

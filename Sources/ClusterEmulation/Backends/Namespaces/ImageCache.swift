#if os(Linux)
import Foundation
import Glibc

/// Root file systems and layers, each in a folder of its own, in the user's cache.
struct ImageCache: Sendable {
    let folder: String

    private static let builds = OnceEach()

    /// Makes a folder of the cache if it is not there: beside its place, and then moved there, so that it is there whole or
    /// not at all.
    ///
    /// - Parameters:
    ///   - name: The folder's name.
    ///   - make: Gets a place to work in, and returns what of it is to be kept.
    /// - Returns: The folder.
    /// - Throws: ``ClusterError`` with the code `imageUnavailable`.
    func once(_ name: String, _ make: @escaping @Sendable (ImageWorkshop) async throws -> String) async throws -> String
    {
        let place = "\(folder)/\(name)"
        // What is in there becomes the nodes' system: nobody else may have put it there.
        _ = try OwnFolder.ensured(folder, for: .readers)
        // Root of a cluster, who is nobody here, is shown this folder and has to get through it.
        if ClusterUsers.makerIsRoot { chmod(folder, 0o711) }
        if FileManager.default.fileExists(atPath: place) { return place }
        try await Self.builds.once(place) {
            let workshop = ImageWorkshop(cache: folder, name: "\(name).\(getpid())")
            do {
                let made = try await make(workshop)
                // Another process may have been quicker; what it made is as good.
                if rename(made, place) != 0, !FileManager.default.fileExists(atPath: place) {
                    throw ClusterError(
                        .imageUnavailable,
                        "\(made) could not be moved to \(place): \(String(cString: strerror(errno))).")
                }
            } catch {
                try await uncancelled { try await workshop.remove() }
                throw error
            }
            try await workshop.remove()
        }
        return place
    }

    /// What tells a large file or folder from another version of itself without reading it.
    static func identity(of path: String) throws -> String {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw ClusterError(.imageUnavailable, "\(path) can't be read: \(String(cString: strerror(errno))).")
        }
        return "\(path) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
}
#endif

import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A name, held for the time of a start: of two that want it at once, one gets it.
package final class NameClaim: Sendable {
    private let folder: OwnFolder
    private let name: String
    private let descriptor: Int32

    /// Holds a name.
    ///
    /// - Returns: nil if another process holds it at this moment.
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if the place where names are held is not this user's alone.
    init?(holding name: String) throws {
        let folder = try OwnFolder.ensured(UserFolders.cache + "/names")
        var descriptor: Int32 = -1
        var status = stat()
        repeat {
            if descriptor >= 0 { close(descriptor) }
            descriptor = try folder.lockFile(name)
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                return nil
            }
            // Whoever held it may have removed the file after it was opened here: a lock on it says nothing then.
        } while fstat(descriptor, &status) == 0 && status.st_nlink == 0
        (self.folder, self.name, self.descriptor) = (folder, name, descriptor)
    }

    /// Claims a name for a cluster that is going to be found by it.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if a cluster has the name, or is about to; if the
    ///   place where names are claimed is not this user's alone.
    package static func cluster(_ name: String) async throws -> NameClaim {
        guard let claim = try NameClaim(holding: name) else {
            throw ClusterError(
                .invalidConfiguration, "A cluster \(name) is being started by another process at this moment.",
                remedy: "Choose another name.")
        }
        if await ClusterCatalog.all().contains(where: { $0.summary.name == name }) {
            claim.release()
            throw ClusterError(
                .invalidConfiguration, "There is a cluster \(name) already.",
                remedy: "Choose another name, or remove it: `cluster-fixture down \(name)`.")
        }
        return claim
    }

    /// Lets go of the name; to be called once.
    package func release() {
        try? folder.remove(name)
        close(descriptor)
    }
}

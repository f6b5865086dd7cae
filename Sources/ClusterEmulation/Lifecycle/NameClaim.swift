import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A cluster's name, held for the time of a start: of two that want it at once, one gets it.
package final class NameClaim: Sendable {
    private let descriptor: Int32
    private let path: String

    /// Claims a name for a cluster that is going to be found by it.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if a cluster has the name, or is about to.
    package init(_ name: String) async throws {
        let folder = UserCache.folder + "/names"
        try UserCache.makeFolder(folder)
        path = folder + "/" + name
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if descriptor >= 0 { close(descriptor) }
            throw ClusterError(
                .invalidConfiguration, "A cluster \(name) is being started by another process at this moment.",
                remedy: "Choose another name.")
        }
        if await ClusterCatalog.all().contains(where: { $0.summary.name == name }) {
            release()
            throw ClusterError(
                .invalidConfiguration, "There is a cluster \(name) already.",
                remedy: "Choose another name, or remove it: `cluster-fixture down \(name)`.")
        }
    }

    /// Lets go of the name. The file stays: if it were removed, two could hold locks on two files of one name.
    package func release() { close(descriptor) }
}

import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension UserFolders {
    /// Makes a folder and those above it that are missing, for this user alone (0700).
    ///
    /// - Throws: ``ClusterError`` with the code `imageUnavailable`, saying what is in the way.
    static func makeFolder(_ folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw failure(folder, error)
        }
    }

    static func failure(_ path: String, _ code: Int32) -> ClusterError {
        failure(path, POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO))
    }

    /// What a person reads when something can't be kept.
    static func failure(_ path: String, _ error: any Error) -> ClusterError {
        ClusterError(
            .imageUnavailable, "\(path) could not be written: \(ClusterError.cause(error)).",
            remedy: "Make it writable and see that its disk is not full, or name another folder by XDG_CACHE_HOME.")
    }
}

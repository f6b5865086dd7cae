import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The folder of one cluster on this machine: its keys, its ssh_config, and the sockets of its connections.
///
/// Only its owner may enter it (0700), and its files are the owner's alone (0600). Its path is short, since a socket's
/// path has 104 to 108 bytes and OpenSSH needs 17 of them for a temporary name.
package struct Workspace: Sendable, Hashable {
    package let folder: String

    package init(folder: String) { self.folder = folder }

    package init(cluster: ClusterID) {
        folder = (TemporaryPlace.current as NSString).appendingPathComponent(cluster.folderName)
    }

    /// The cluster whose folder this is; nil if its name is not that of a cluster's folder.
    package var cluster: ClusterID? { ClusterID(folderName: (folder as NSString).lastPathComponent) }

    package var keysFolder: String { folder + "/keys" }
    package var socketFolder: String { folder + "/s" }
    /// Where a backend puts its nodes' file systems together.
    package var mountFolder: String { folder + "/m" }
    package var configurationFile: String { folder + "/ssh_config" }
    /// Where the nodes' addresses are not reached: what OpenSSH alone understands, and the program that leads to published ports.
    package var openSSHConfigurationFile: String { folder + "/openssh_config" }
    package var relayFile: String { folder + "/relay" }
    /// The part of the library's own ssh_config that is about one node.
    package var nodeConfigurationsFolder: String { folder + "/c" }
    /// The hosts backend's own: a pool's configuration, the machines that were taken, by the names that it gives them, their keys, and
    /// what is to be left at the end.
    package var poolConfigurationFile: String { folder + "/pool_config" }
    package var hostsConfigurationFile: String { folder + "/hosts_config" }
    package var hostsKnownHostsFile: String { folder + "/hosts_known" }
    package var leasesFolder: String { folder + "/leases" }
    /// Where the nodes' packets are recorded, if they are.
    package var packetsFolder: String { folder + "/packets" }
    package var knownHostsFile: String { folder + "/known_hosts" }

    /// Makes the folder, and marks it before anything else is in it.
    ///
    /// Anything that is there already makes it fail, so it can't be a folder that somebody else has put there.
    package func create(for backend: String, owner: ProcessIdentity = .current) throws {
        guard let cluster else {
            throw ClusterError(.provisioningFailed, "\(folder) is not named after a cluster, as its folder must be.")
        }
        let own = try OwnFolder.make(folder)
        try own.write(ClusterMark(owner: owner, cluster: cluster, backend: backend).text, to: Self.markFile)
        for path in [keysFolder, socketFolder] { _ = try own.make((path as NSString).lastPathComponent) }
    }

    static func makeFolder(_ path: String) throws { _ = try OwnFolder.ensured(path) }

    /// Writes a new file in a folder of this user's, with its mode from the first moment on.
    package static func write(_ text: String, to path: String, mode: UInt16 = 0o600) throws {
        let (place, name) = ((path as NSString).deletingLastPathComponent, (path as NSString).lastPathComponent)
        try OwnFolder(place, for: .anyone).write(text, to: name, mode: mode)
    }
}

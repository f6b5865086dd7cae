#if os(Linux)
import CNamespaces
import Foundation
import Glibc

/// This machine's side of a cluster's network: a subnet that nothing else here uses.
final class HostNetwork: Sendable {
    let subnet: Subnet
    private let lock: FileLock?

    private init(subnet: Subnet, lock: FileLock? = nil) {
        self.subnet = subnet
        self.lock = lock
    }

    /// Picks a subnet of a range that is in the way of nothing here. Until ``release()``, no other process picks one.
    ///
    /// Whoever has picked one holds a lock until it is in use.
    ///
    /// An ordinary user's cluster is not part of this machine's network: it has its addresses for itself, whichever they are.
    ///
    /// - Throws: ``ClusterError`` with the code `provisioningFailed`; `CancellationError`.
    static func reserve(nodes: Int, in range: SubnetRange) async throws -> HostNetwork {
        if !ClusterUsers.makerIsRoot { return HostNetwork(subnet: .random(nodes: nodes, in: range)) }
        let (path, limit) = ("/run/cluster-fixture-subnets.lock", Duration.seconds(60))
        let lock = try await FileLock.take(within: limit) {
            let file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard file >= 0 else {
                throw ClusterError(
                    .provisioningFailed, "\(path) could not be opened: \(String(cString: strerror(errno))).")
            }
            return file
        }
        guard let lock else {
            throw ClusterError(
                .provisioningFailed, "Another process has been picking a subnet for \(limit.inSeconds).",
                remedy: "See which with `fuser -v \(path)`, and end it if it stands still.")
        }
        do { return HostNetwork(subnet: try .free(nodes: nodes, in: range), lock: lock) } catch {
            lock.release()
            throw error
        }
    }

    /// Gives this machine an interface and an address in the network of the cluster that a process holds together. Only root may.
    func join(_ lifeline: pid_t, of cluster: ClusterID) throws {
        let interface = Self.interface(cluster)
        if !ClusterUsers.makerIsRoot { return }
        guard ns_join(lifeline, interface, subnet.gateway.bigEndian, UInt8(subnet.bits)) == 0 else {
            throw ClusterError(
                .provisioningFailed,
                "This machine could not join the cluster's network as \(interface): \(String(cString: strerror(errno)))."
            )
        }
    }

    /// Takes this machine's interface away: the kernel would do it as well, but some time after the cluster's processes have ended.
    static func leave(_ cluster: ClusterID) async {
        guard ClusterUsers.makerIsRoot else { return }
        let interface = interface(cluster)
        // What is gone already is what was wanted.
        _ = await BlockingThread.run { ns_leave(interface) }
    }

    /// This machine's address in a cluster's network, if it is to have one.
    static func address(in subnet: Subnet) -> String? { ClusterUsers.makerIsRoot ? subnet.gatewayText : nil }

    private static func interface(_ cluster: ClusterID) -> String { "cf\(cluster)" }

    func release() { lock?.release() }
}
#endif

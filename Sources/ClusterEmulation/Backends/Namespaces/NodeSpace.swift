#if os(Linux)
import Foundation

/// How much a node may keep in memory that is not its processes': files, shared memory, and on this machine its log. All in bytes.
///
/// Files in memory count against a memory limit: together they stay below it, so that what is full is a file system and not the
/// node's memory.
package struct NodeSpace: Sendable, Hashable {
    /// What the node writes to its file system.
    package let files: Int
    /// Its `/dev/shm`.
    package let sharedMemory: Int
    /// What is kept of what its sshd writes.
    let log = 4 << 20

    /// - Parameters:
    ///   - limits: What is asked for. By default files get 8 GiB, or half of this machine's memory if that is less, and shared
    ///     memory 64 MiB; with a memory limit both get less, so that a quarter of it or more is left for processes.
    ///   - machine: This machine's memory.
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if what is asked for does not fit into the memory limit.
    package init(_ limits: NodeLimits, machine: UInt64 = ProcessInfo.processInfo.physicalMemory) throws {
        let memory = limits.memory ?? .max
        let half = Int(clamping: machine / 2)
        sharedMemory = limits.sharedMemory ?? min(64 << 20, (memory - min(limits.disk ?? 0, memory)) / 4)
        let left = memory - min(sharedMemory, memory)
        files = limits.disk ?? min(8 << 30, half, left / 3 * 2)
        guard files < left else {
            throw ClusterError(
                .invalidConfiguration,
                "A node of \(memory) bytes of memory can't have \(files) bytes of files and \(sharedMemory) of shared memory: the namespaces backend keeps them in memory.",
                remedy: "Raise the memory limit, or ask for less.")
        }
    }
}
#endif

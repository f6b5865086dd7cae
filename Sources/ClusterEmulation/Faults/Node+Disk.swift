extension Node {
    /// What can be broken of the node's file system.
    public var disk: DiskFaults { DiskFaults(node: self) }
}

/// Breaks a node's file system, and heals it.
///
/// A disk that is slow, or that gives errors, is not there: no kernel lets an ordinary user have one without a block device, and a file
/// system in user space in its place would be slow for everything else as well.
public struct DiskFaults: Sendable {
    let node: Node

    /// Leaves only so many bytes on the node's file system: programs that write more get `ENOSPC`. Nothing of this machine's disk or
    /// memory is taken for it.
    ///
    /// - Parameter bytes: How many are left; the file system counts in pages.
    /// - Throws: ``ClusterError`` with the code `backendUnavailable` if the backend can't do that.
    public func fill(leaving bytes: Int = 0) async throws {
        try await node.scene.begin(.diskFull(node.name, leaving: bytes))
    }

    /// Lets nobody write to the node's files any more: programs that try get `EROFS`. `/dev/shm`, mounts and shared folders are others.
    ///
    /// - Throws: ``ClusterError`` with the code `faultFailed` if a program has a file open for writing; `backendUnavailable` if the
    ///   backend can't do that.
    public func makeReadOnly() async throws { try await node.scene.begin(.diskReadOnly(node.name)) }

    /// Gives the file system its room back, and lets it be written.
    ///
    /// - Throws: ``ClusterError`` if the node has ended.
    public func heal() async throws {
        let (scene, node) = (node.scene, node.name)
        try await scene.heal(node, "disk") { try await scene.cluster.healDisk(of: node) }
    }

    /// Leaves only so many bytes on the node's file system as long as a closure runs, however that ends.
    ///
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; as ``fill(leaving:)`` does.
    @discardableResult
    public nonisolated(nonsending) func filled<Result>(
        leaving bytes: Int = 0, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await node.scene.under([.diskFull(node.name, leaving: bytes)], body)
    }

    /// Lets nobody write to the node's files as long as a closure runs, however that ends.
    ///
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; as ``makeReadOnly()`` does.
    @discardableResult
    public nonisolated(nonsending) func readOnly<Result>(
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await node.scene.under([.diskReadOnly(node.name)], body)
    }
}

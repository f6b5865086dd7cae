extension Node {
    /// What can be broken of the names that the node's programs ask for.
    public var names: NameFaults { NameFaults(node: self) }
}

/// Breaks the names that a node's programs ask for, and heals them. See ``NameFault``.
public struct NameFaults: Sendable {
    let node: Node

    /// Lets the node find no machine of a name any more: NXDOMAIN.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if it is not a name; `faultFailed`, `connectionLost`.
    public func missing(_ name: String) async throws { try await begin(.missing(name)) }

    /// Lets the node take a machine's name for another address.
    ///
    /// - Throws: As ``missing(_:)`` does.
    public func wrong(_ name: String, _ address: String) async throws { try await begin(.wrong(name, address)) }

    /// Has each answer come so much later. Programs ask again after 5 s, and give up after 10 (resolv.conf(5)).
    ///
    /// - Throws: As ``missing(_:)`` does.
    public func slow(by delay: Duration) async throws { try await begin(.slow(delay)) }

    /// Mends all names.
    ///
    /// - Throws: ``ClusterError`` if the node has ended.
    public func heal() async throws {
        let (scene, node) = (node.scene, node.name)
        try await scene.heal(node, "names") { try await scene.cluster.healNames(of: node) }
    }

    /// Breaks names as long as a closure runs, however that ends.
    ///
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; ``ClusterError`` if they can't be broken or healed.
    @discardableResult
    public nonisolated(nonsending) func under<Result>(
        _ fault: NameFault, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await node.scene.under([.names(fault, on: node.name)], body)
    }

    private func begin(_ fault: NameFault) async throws { try await node.scene.begin(.names(fault, on: node.name)) }
}

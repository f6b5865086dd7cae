extension Node {
    /// What can be broken of the node's sshd.
    public var ssh: SSHFaults { SSHFaults(node: self) }
}

/// Breaks a node's sshd, and heals it: what SSH libraries must survive. See ``SSHFault`` for what each fault is.
///
/// Each is done to the node's own sshd, by the backend's own way, so it can be healed when nobody can log in. One that is there already
/// takes the new value. A fault stays when the node is started again.
public struct SSHFaults: Sendable {
    let node: Node

    /// Lets no user in.
    ///
    /// - Throws: ``ClusterError`` with the code `faultFailed` if sshd does not run or does not heed it; `connectionLost`.
    public func refuseLogins() async throws { try await begin(.loginsRefused) }

    /// Makes the server silent from some point of a login on.
    ///
    /// - Throws: As ``refuseLogins()`` does.
    public func stall(_ stage: SSHFault.Stage) async throws { try await begin(.stalled(stage)) }

    /// Has connections dropped that are not logged in, beyond a number.
    ///
    /// - Throws: As ``refuseLogins()`` does; with the code `invalidConfiguration` for numbers that can't be.
    public func limitLogins(_ limit: SSHFault.MaxStartups) async throws { try await begin(.loginsLimited(limit)) }

    /// Gives the server other host keys, of the same kinds: clients that check them refuse it.
    ///
    /// - Throws: As ``refuseLogins()`` does.
    public func changeHostKey() async throws { try await begin(.hostKeyChanged) }

    /// Has the server's first line come so much later.
    ///
    /// - Throws: As ``refuseLogins()`` does; it also fails if sshd has no TCP wrappers, as Debian's and Ubuntu's has.
    public func slowBanner(by delay: Duration) async throws { try await begin(.bannerSlowed(delay)) }

    /// Has connections reset that are opened from now on, when they have carried so many bytes: both ways together, packets' headers
    /// included. A login alone takes about 10,000.
    ///
    /// - Throws: As ``refuseLogins()`` does; it also fails if the node has no nft.
    public func dropAfter(bytes: Int) async throws { try await begin(.connectionsDropped(afterBytes: bytes)) }

    /// Mends whatever is broken of sshd. Logins that were kept waiting go on.
    ///
    /// - Throws: ``ClusterError`` if the node has ended.
    public func heal() async throws {
        let (scene, node) = (node.scene, node.name)
        try await scene.heal(node, "ssh") { try await scene.cluster.healSSH(of: node) }
    }

    package func begin(_ fault: SSHFault) async throws { try await node.scene.begin(.ssh(fault, on: node.name)) }
}

extension SSHFaults {
    /// Breaks something of sshd as long as a closure runs, however that ends.
    ///
    /// ```swift
    /// let node = try Cluster.current["node2"]
    /// try await node.ssh.under(.loginsLimited(10)) { … }
    /// ```
    ///
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; ``ClusterError`` if it can't be broken or healed.
    @discardableResult
    public nonisolated(nonsending) func under<Result>(
        _ fault: SSHFault, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await node.scene.under([.ssh(fault, on: node.name)], body)
    }

    /// Makes the server silent from some point of a login on, as long as a closure runs.
    ///
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; as ``stall(_:)`` does.
    @discardableResult
    public nonisolated(nonsending) func stalled<Result>(
        _ stage: SSHFault.Stage, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await under(.stalled(stage), body)
    }
}

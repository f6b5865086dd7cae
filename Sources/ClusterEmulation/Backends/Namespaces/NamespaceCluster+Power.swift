#if os(Linux)
import CNamespaces
import Glibc

extension NamespaceCluster: NodePower {
    func kill(_ node: String) async throws {
        let index = try index(of: node)
        try await ask(Int(NS_KILL), of: node, "killed", unless: ESRCH)
        try await ended(index)
    }

    func stop(_ node: String) async throws {
        let index = try index(of: node)
        guard try await states()[node] == .running else { return }
        // A node that is stopped has no answer to give.
        _ = try await tell(node, Int(NS_STOP))
        try await ended(index)
    }

    func start(_ node: String) async throws { try await ask(Int(NS_START), of: node, "started") }

    private func ended(_ index: Int) async throws {
        try await explainingLoss { try await connected().reports.ended(index) }
    }

    /// Asks the lifeline for something that is done to a node.
    ///
    /// - Parameters:
    ///   - request: The kind of request.
    ///   - node: The node's name.
    ///   - deed: What is done to it, for the message.
    ///   - done: The errno that says that it is so already.
    /// - Throws: ``ClusterError`` if it can't be done.
    func ask(_ request: Int, of node: String, _ deed: String, unless done: Int32 = 0) async throws {
        let index = try index(of: node)
        let code = try await explainingLoss { try await connected().ask(request, node: index).code }
        if code != 0, code != done { throw refused(node, deed, code) }
    }

    private func refused(_ node: String, _ deed: String, _ code: Int32) -> ClusterError {
        ClusterError(
            .provisioningFailed, "\(node) could not be \(deed): \(String(cString: strerror(code))).", node: node)
    }
}

extension NamespaceCluster: NodePausing {
    func pause(_ node: String) async throws -> Bool {
        try await order(node, Int(NS_PAUSE), "paused", unless: EALREADY) == 0
    }

    func resume(_ node: String) async throws { _ = try await order(node, Int(NS_RESUME), "resumed") }
}

extension NamespaceCluster: DiskShaping {
    func fillDisk(of node: String, leaving bytes: Int?) async throws {
        _ = try await order(node, Int(NS_FILL), value: bytes.map { UInt64(max($0, 0)) } ?? .max, "given another disk")
    }
}

extension NamespaceCluster {
    /// Tells a node's first process to do something, and waits until it has.
    ///
    /// - Returns: 0, or the errno `done`.
    private func order(
        _ node: String, _ kind: Int, value: UInt64 = 0, _ deed: String, unless done: Int32 = 0
    ) async throws -> Int32 {
        guard let code = try await tell(node, kind, value: value) else {
            throw ClusterError(
                .connectionLost, "\(node) could not be \(deed): it has ended.", node: node,
                remedy: "Start it first (`start`).")
        }
        if code != 0, code != done { throw refused(node, deed, code) }
        return code
    }

    /// - Returns: The first process's answer, an errno or 0; nil if it has ended.
    private func tell(_ node: String, _ kind: Int, value: UInt64 = 0) async throws -> Int32? {
        let channel = try await channel(to: node)
        defer { close(channel) }
        var order = ns_order(kind: Int32(kind), unused: 0, value: value)
        return try await answer { ns_tell(channel, &order, $0) }
    }
}
#endif

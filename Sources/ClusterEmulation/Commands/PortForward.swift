/// A way between a port of this machine's 127.0.0.1 and a port of a node's loopback, until it is closed or the cluster is removed.
public final class PortForward: Sendable {
    /// The port of this machine.
    public let localPort: Int
    /// The port of the node.
    public let nodePort: Int
    /// The node.
    public let node: Node

    private let user: User
    private let isReverse: Bool

    init(local: Int, node: Node, port: Int, user: User, isReverse: Bool) {
        (localPort, self.node, nodePort, self.user, self.isReverse) = (local, node, port, user, isReverse)
    }

    /// Takes no new connections from now on. Those that are there go on. A second call does nothing.
    ///
    /// - Throws: ``ClusterError`` if the node can't be reached.
    public func close() async throws {
        try await node.access.endForward(local: localPort, nodePort, isReverse: isReverse, on: node.name, as: user)
    }
}

extension Node {
    /// Forwards a port of this machine's 127.0.0.1 to a port of the node's localhost, until it is closed or the cluster is removed.
    ///
    /// ```swift
    /// func dashboard(of node: Node) async throws -> String {
    ///     let forward = try await node.forward(8787)
    ///     return "http://127.0.0.1:\(forward.localPort)"
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - nodePort: The port in the node: 1 to 65535. Nothing has to listen there yet.
    ///   - user: The user whose connection carries it.
    /// - Returns: The way, whose local port is chosen among the free ones.
    /// - Throws: ``ClusterError`` if the node can't be reached or the number is not that of a port.
    public func forward(_ nodePort: Int, as user: User = .ubuntu) async throws -> PortForward {
        let local = try await forwardPort(nodePort, as: user)
        return PortForward(local: local, node: self, port: nodePort, user: user, isReverse: false)
    }

    /// Forwards a port of the node's 127.0.0.1 to a port of this machine's, until it is closed or the cluster is removed: the node reaches a server
    /// of the test, on every backend.
    ///
    /// ```swift
    /// func register(_ node: Node, atPort port: Int) async throws {
    ///     let way = try await node.reverseForward(port)
    ///     try await node.run("./register http://127.0.0.1:\(way.nodePort)").requireSuccess()
    ///     try await way.close()
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - localPort: The port of this machine's 127.0.0.1: 1 to 65535. Nothing has to listen there yet.
    ///   - user: The user whose connection carries it.
    /// - Returns: The way, whose port of the node is chosen among the free ones.
    /// - Throws: ``ClusterError`` if the node can't be reached or the number is not that of a port.
    public func reverseForward(_ localPort: Int, as user: User = .ubuntu) async throws -> PortForward {
        try requirePort(localPort)
        let port = try await timeline.during(.forward, "from port \(localPort)", node: name, user: user) {
            try await explainingLoss { try await access.reverseForward(localPort, on: name, as: user) }
        }
        return PortForward(local: localPort, node: self, port: port, user: user, isReverse: true)
    }
}

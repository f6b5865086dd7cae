/// One machine of a cluster: where it is reached, and what it can be asked to do.
public struct Node: Sendable, Hashable, CustomStringConvertible {
    /// The host name: node1, node2 and so on.
    public let name: String
    /// The place in ``Cluster/nodes``, from 0.
    public let index: Int
    /// Where the test process reaches the node's sshd: an address of this machine's loopback.
    public let host: String
    /// The port of ``host`` that leads to the node's sshd.
    public let port: Int
    /// The address on the cluster's network, where other nodes reach it. On Linux, this machine often reaches it there too.
    public let ip: String
    /// The pinned host key: algorithm and base 64, as in a known_hosts file.
    public let hostKey: String
    /// The ports of ``host`` that lead to the node's other published ports, by the node's port.
    public let publishedPorts: [Int: Int]

    let clusterID: ClusterID
    let access: SSHAccess
    let backend: any Backend

    /// The node's name.
    public var description: String { name }

    /// Two nodes are equal if they are the same machine of the same cluster.
    public static func == (left: Node, right: Node) -> Bool {
        left.clusterID == right.clusterID && left.name == right.name
    }

    /// Hashes what makes nodes equal.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(clusterID)
        hasher.combine(name)
    }
}

extension Node {
    /// The private key file that lets the test process in as `user`.
    public func identityFile(for user: User = .ubuntu) -> String { access.identityFiles[user] ?? "" }

    /// The command line that a person would type to log in, ready for a shell; a command may follow it.
    public func sshCommand(as user: User = .ubuntu) -> String {
        Command("ssh", ["-F", access.configurationFile, "\(user)@\(name)"]).line
    }

    /// Forwards a port of this machine's 127.0.0.1 to a port of the node's localhost, as long as the cluster is up.
    ///
    /// - Parameters:
    ///   - nodePort: The port in the node: 1 to 65535. Nothing has to listen there yet.
    ///   - user: The user whose connection carries it.
    /// - Returns: The local port, chosen among the free ones.
    /// - Throws: ``ClusterError`` if the node can't be reached or the number is not that of a port.
    public func forwardPort(_ nodePort: Int, as user: User = .ubuntu) async throws -> Int {
        guard (1...65535).contains(nodePort) else {
            throw ClusterError(.invalidConfiguration, "\(nodePort) is not a port: ports are 1 to 65535.")
        }
        return try await explainingLoss { try await access.forward(nodePort, on: name, as: user) }
    }

    /// Ends all the node's processes at once, as a power cut would; the other nodes go on running.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that.
    public func kill() async throws {
        guard let killing = backend as? any NodeKilling else {
            throw ClusterError(.backendUnavailable, "The \(backend.name) backend can't kill a single node.")
        }
        try await killing.kill(name, of: clusterID)
    }

    /// Does something over a connection. If the connection is lost, the error says what the backend knows about the node.
    func explainingLoss<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as ClusterError where error.code == .connectionLost {
            // If the backend doesn't answer, the error stays as it is.
            guard let states = try? await backend.states(of: clusterID) else { throw error }
            switch states[name] {
            case .running?: throw error
            case .exited(let code)?:
                throw ClusterError(
                    .connectionLost,
                    "\(error.message.hasSuffix(".") ? error.message : error.message + ".") The node has ended, exit code \(code)."
                )
            case nil:
                throw ClusterError(
                    .clusterLost, "\(name) is gone, and its cluster with it: something else has ended them.",
                    remedy: "See what was killed or removed on this machine meanwhile, for want of memory perhaps.")
            }
        }
    }
}

/// One machine of a cluster: where it is reached, and what it can be asked to do.
public struct Node: Sendable, Hashable, CustomStringConvertible {
    /// The place in ``Cluster/nodes``, from 0.
    public let index: Int

    let provisioned: ProvisionedNode
    let cluster: any BackendCluster
    let access: SSHAccess
    let timeline: Timeline
    let passwords: [User: String]

    /// The host name: node1, node2 and so on.
    public var name: String { provisioned.name }
    /// Where the test process reaches the node's sshd. With Docker and with namespaces it is an address of this machine's loopback. With a
    /// Swarm it is the address that the node's machine has in the Swarm, or the one that ``SwarmOptions/addressLabel`` gives. Of an existing host it
    /// is the host's own address. Of a node that is reached through another node it is ``ip``.
    public var host: String { proxyJump == nil ? provisioned.host : ip }
    /// The port of ``host`` that leads to the node's sshd.
    public var port: Int { proxyJump == nil ? provisioned.port : 22 }
    /// The name of the node by way of which it is reached, if the cluster's ``ClusterConfiguration/site`` has it so.
    public let proxyJump: String?
    /// The address in the cluster's second network, if its ``ClusterConfiguration/site`` has one.
    public var secondIP: String? { provisioned.secondIP }
    /// The address on the cluster's network, where other nodes reach it, and this machine too if ``Cluster/hostIP`` is not nil.
    public var ip: String { provisioned.ip }
    /// The IPv6 address on the cluster's network, if ``ClusterConfiguration/ipv6`` asks for one.
    public var ipv6: String? { provisioned.ipv6 }
    /// The pinned host key: algorithm and base 64, as in a known_hosts file.
    public var hostKey: String { provisioned.hostKey }
    /// All pinned host keys, of which ``hostKey`` is the one of ed25519.
    public var hostKeys: [String] { provisioned.hostKeys }
    /// The name with the cluster's domain, as in `node1.lab.test`: the nodes know it, and the cluster's ssh_config.
    public var fqdn: String { provisioned.fqdn }
    /// The ports of ``host`` that lead to the node's other published ports, by the node's port.
    public var publishedPorts: [Int: Int] { provisioned.ports(.tcp) }
    /// The ports of ``host`` whose datagrams get to the node's published ports, by the node's port.
    public var publishedUDPPorts: [Int: Int] { provisioned.ports(.udp) }

    var clusterID: ClusterID { cluster.summary.id }

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
    /// The private key file that lets the test process in as `user`; of an existing host, the first that OpenSSH
    /// tries, and empty if the keys are an agent's.
    public func identityFile(for user: User = .ubuntu) -> String {
        provisioned.existing?.identityFile ?? access.identityFiles[user] ?? ""
    }

    /// The password that lets `user` in as well as a key does, if ``ClusterConfiguration/passwordLogins`` asks for any.
    public func password(for user: User = .ubuntu) -> String? { passwords[user] }

    /// The command line that a person would type to log in, ready for a shell; a command may follow it.
    public func sshCommand(as user: User = .ubuntu) -> String {
        // Where nobody can log in as that user, ssh says so.
        let login = (try? provisioned.login(user)) ?? "\(user)"
        return Command("ssh", ["-F", access.configurationFile, "\(login)@\(name)"]).line
    }

    /// Forwards a port of this machine's 127.0.0.1 to a port of the node's localhost, as long as the cluster is up.
    ///
    /// - Parameters:
    ///   - nodePort: The port in the node: 1 to 65535. Nothing has to listen there yet.
    ///   - user: The user whose connection carries it.
    /// - Returns: The local port, chosen among the free ones. ``forward(_:as:)`` gives a way that can be closed.
    /// - Throws: ``ClusterError`` if the node can't be reached or the number is not that of a port.
    public func forwardPort(_ nodePort: Int, as user: User = .ubuntu) async throws -> Int {
        try requirePort(nodePort)
        return try await timeline.during(.forward, "port \(nodePort)", node: name, user: user) {
            try await explainingLoss { try await access.forward(nodePort, on: name, as: user) }
        }
    }

    /// Refuses a number that is not a port's.
    func requirePort(_ number: Int) throws {
        guard !(1...65535).contains(number) else { return }
        throw ClusterError(.invalidConfiguration, "\(number) is not a port: ports are 1 to 65535.", node: name)
    }

    /// Does something over a connection. If the connection is lost, the error says what the backend knows about the node.
    func explainingLoss<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as ClusterError where error.code == .connectionLost {
            let state: NodeState?
            do {
                state = try await cluster.states()[name]
            } catch let lost as ClusterError where lost.code == .clusterLost {
                throw ClusterError(
                    .clusterLost, "\(name) is gone, and its cluster with it: something else has ended them.",
                    node: name,
                    underlying: error, remedy: lost.remedy)
            } catch {
                // Without an answer the loss stands as it is.
                state = .running
            }
            let sentence = ClusterError.sentence(error.message)
            if state != .running, let cause = await cluster.cause(ofEndOf: name) {
                throw ClusterError(.connectionLost, "\(sentence) \(cause)", node: name, underlying: error)
            }
            switch state {
            case .running?: throw error
            case .exited(let code)?:
                throw ClusterError(
                    .connectionLost, "\(sentence) The node has ended, exit code \(code).", node: name, underlying: error
                )
            case nil:
                throw ClusterError(
                    .connectionLost, "\(sentence) The node is gone: something else has removed it.", node: name,
                    underlying: error)
            }
        }
    }
}

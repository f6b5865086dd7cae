/// Where the ports of a node are published: at ports of this machine that stay the node's own when it is started again, since they
/// are chosen here. (An engine that chooses by itself chooses anew at each start.)
package struct PublishedPorts: Sendable, Hashable {
    /// All of them, sshd's first.
    package let publications: [ProvisionedNode.Publication]
    /// The ports of this machine that the configuration names.
    private let fixed: Set<Int>

    /// Chooses what the configuration leaves open.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - taken: The ports of this machine that other nodes have; this node's are added.
    /// - Throws: ``ClusterError`` if no port is free.
    package init(of node: PlannedNode, besides taken: inout Set<Int>) throws {
        fixed = Set(node.ports.compactMap(\.hostPort))
        taken.formUnion(fixed)
        publications = try ([PublishedPort(22)] + node.ports).map { port in
            let hostPort = try port.hostPort ?? LoopbackPort.lasting(port.transport, besides: taken)
            taken.insert(hostPort)
            return ProvisionedNode.Publication(port.nodePort, at: hostPort, port.transport)
        }
    }

    /// The port that leads to the node's sshd.
    package var ssh: Int { publications[0].hostPort }

    /// Those that lead to anything else.
    package var others: [ProvisionedNode.Publication] { Array(publications.dropFirst()) }

    /// Whether an engine complains that somebody else has a port which could as well be another one.
    package func mayDiffer(after complaint: String) -> Bool {
        guard ["port is already allocated", "address already in use"].contains(where: complaint.contains) else {
            return false
        }
        let numbers = complaint.split { !$0.isNumber }.compactMap { Int($0) }
        return fixed.isDisjoint(with: numbers)
    }
}

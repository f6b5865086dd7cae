/// Where the ports of a node are published: at ports of this machine that stay the node's own when it is started again, since they
/// are chosen here. (An engine that chooses by itself chooses anew at each start.)
package struct PublishedPorts: Sendable, Hashable {
    /// All of them, sshd's first, if there are any.
    package let publications: [ProvisionedNode.Publication]
    /// The ports of this machine that the configuration names.
    private let fixed: Set<Int>

    /// Chooses what the configuration leaves open.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - taken: The ports of the machine that other nodes have; this node's are added.
    ///   - choose: Chooses a port that is none of those taken; nil for one that is free on this machine.
    /// - Throws: ``ClusterError`` if no port is free.
    package init(
        of node: PlannedNode, besides taken: inout Set<Int>,
        choose: ((PublishedPort.Transport, Set<Int>) throws -> Int)? = nil
    ) throws {
        fixed = Set(node.ports.compactMap(\.hostPort))
        taken.formUnion(fixed)
        publications = try ([PublishedPort(22)] + node.ports).map { port in
            let hostPort = try port.hostPort ?? (choose ?? LoopbackPort.lasting)(port.transport, taken)
            taken.insert(hostPort)
            return ProvisionedNode.Publication(port.nodePort, at: hostPort, port.transport)
        }
    }

    private init() { (publications, fixed) = ([], []) }

    /// Not even sshd's.
    package static let none = PublishedPorts()

    /// The port that leads to the node's sshd: that port itself, if none does.
    package var ssh: Int { publications.first?.hostPort ?? 22 }

    /// Those that lead to anything else.
    package var others: [ProvisionedNode.Publication] { Array(publications.dropFirst()) }

    /// Starts a node with these; where somebody else was quicker to take one of them, with others.
    ///
    /// - Parameters:
    ///   - start: Starts the node.
    ///   - others: Takes the node away again, and chooses others.
    /// - Returns: Those that it was started with.
    /// - Throws: What the two throw.
    func changing(
        _ start: (PublishedPorts) async throws -> Void, otherwise others: () async throws -> PublishedPorts
    ) async throws -> PublishedPorts {
        var (ports, attempts) = (self, 10)
        while true {
            do {
                try await start(ports)
                return ports
            } catch let error as ClusterError {
                attempts -= 1
                guard attempts > 0, ports.mayDiffer(after: error.message) else { throw error }
                ports = try await others()
            }
        }
    }

    /// Whether an engine complains that somebody else has a port which could as well be another one.
    package func mayDiffer(after complaint: String) -> Bool {
        guard ["port is already allocated", "address already in use"].contains(where: complaint.contains) else {
            return false
        }
        // After an address of this machine's, and before that of the container.
        let ports = complaint.matches(
            of: #/(?:Bind for|host port(?: for)?|listen (?:tcp|udp)\d?) [^ ]*?:(\d+)(?=[ /:])/#)
        let named = ports.compactMap { Int($0.1) }
        let numbers = named.isEmpty ? complaint.split { !$0.isNumber }.compactMap { Int($0) } : named
        return fixed.isDisjoint(with: numbers)
    }
}

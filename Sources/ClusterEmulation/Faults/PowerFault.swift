/// A node that is off, or frozen.
enum PowerFault: String, Sendable, Hashable, CustomStringConvertible {
    case killed, stopped, paused

    var description: String { rawValue }
}

extension PowerFault: NodeBreakage {
    var words: String {
        switch self {
        case .killed: "it is cut off from power"
        case .stopped: "it is stopped"
        case .paused: "it is paused"
        }
    }

    var place: String { "power" }

    /// What is noted when it has begun.
    var begun: Event.Kind {
        switch self {
        case .killed: .killed
        case .stopped: .ended
        case .paused: .paused
        }
    }

    /// What is noted when it is over.
    var ended: Event.Kind { self == .paused ? .resumed : .started }

    func begin(on node: String, of cluster: any BackendCluster) async throws {
        switch self {
        case .killed: try await power(cluster, node, "kill a single node").kill(node)
        case .stopped: try await power(cluster, node, "stop a single node").stop(node)
        case .paused: try await cluster.capability((any NodePausing).self, "pause a node", node: node).pause(node)
        }
    }

    func end(on node: String, of cluster: any BackendCluster) async throws {
        switch self {
        case .killed, .stopped: try await power(cluster, node, "start a single node").start(node)
        case .paused: try await cluster.capability((any NodePausing).self, "resume a node", node: node).resume(node)
        }
    }

    private func power(_ cluster: any BackendCluster, _ node: String, _ what: String) throws -> any NodePower {
        try cluster.capability((any NodePower).self, what, node: node)
    }
}

import Foundation

/// What a test needs of its nodes that not every backend's have.
public enum ClusterNeed: String, Sendable, Hashable, CaseIterable {
    /// Somebody can log in to each node as `root`.
    case root
    /// Nodes and their network can be broken on purpose.
    case faults
    /// The nodes are the cluster's own: it says what they are made of, what runs on them and what they may use, and can make them as new.
    case ownMachines
    /// All nodes are on this machine, so that they can show folders of its, and have a second interface.
    case thisMachine
}

extension BackendChoice {
    /// Which of these needs the nodes of this choice's backend don't meet.
    ///
    /// - Returns: The first of them and the reason, as a sentence; nil if all are met, or no backend can run here, which whoever starts a cluster is told.
    package func lack(of needs: [ClusterNeed]) async -> String? {
        let backend = try? await resolve()
        if backend is SwarmBackend, needs.contains(.thisMachine) { return "The nodes are on a Swarm's machines." }
        guard let hosts = backend as? HostsBackend else { return nil }
        for need in needs {
            switch need {
            case .root:
                let closed = (try? await hosts.hostsWithoutRoot()) ?? []
                if let first = closed.first {
                    return "Nobody logs in to \(first) as root, one of the machines that were there before."
                }
            case .faults: return "Machines that were there before are not broken on purpose."
            case .ownMachines, .thisMachine:
                return "The nodes are machines that were there before, and stay as they are."
            }
        }
        return nil
    }
}

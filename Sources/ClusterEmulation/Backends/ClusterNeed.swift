import Foundation

/// What a test needs of its nodes that not every backend's have.
public enum ClusterNeed: String, Sendable, Hashable, CaseIterable {
    /// Somebody can log in to each node as `root`.
    case root
    /// Nodes and their network can be broken on purpose.
    case faults
    /// The nodes are the cluster's own: it says what they are made of, what runs on them and what they may use, and can make them as new.
    case ownMachines
    /// All nodes are on this machine, so that they can show folders of its, have a second interface and addresses of IPv6, and hear what is sent
    /// to all of a network.
    case thisMachine
}

extension BackendChoice {
    /// Which of these needs the nodes of this choice's backend don't meet.
    ///
    /// - Returns: The first of them and the reason, as a sentence; nil if all are met, or no backend can run here, which whoever starts a cluster is told.
    package func lack(of needs: [ClusterNeed]) async -> String? {
        guard let backend = try? await resolve() else { return nil }
        for need in needs {
            if let lack = await backend.lack(of: need) { return lack }
        }
        return nil
    }
}

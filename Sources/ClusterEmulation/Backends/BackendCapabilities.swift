package import Foundation

// What the clusters of some backends can do besides, each found by `as?`. All of it works when SSH does not.

/// Clusters whose nodes can be switched off and on. A node that is off keeps its name, addresses, ports, host keys and files; its
/// published ports refuse connections.
package protocol NodePower: BackendCluster {
    /// Ends all processes of a node at once, as a power cut would, and returns when it has ended. A node that has ended stays as it is.
    func kill(_ node: String) async throws

    /// Ends a node in order: its processes get SIGTERM, and what is left after some seconds is killed. Returns when it has ended.
    func stop(_ node: String) async throws

    /// Starts a node that has ended, with the files that it had. Returns when it is under way; a node that runs stays as it is.
    func start(_ node: String) async throws
}

/// Clusters whose nodes can be frozen: their processes do nothing, their connections stay open, nothing answers.
package protocol NodePausing: BackendCluster {
    /// Freezes a node, and returns when all its processes are frozen; a node that is frozen stays as it is.
    ///
    /// - Returns: Whether it was not frozen already.
    @discardableResult
    func pause(_ node: String) async throws -> Bool

    /// Lets a frozen node go on; one that is not frozen stays as it is.
    func resume(_ node: String) async throws
}

/// Clusters whose network can be made worse.
package protocol NetworkShaping: BackendCluster {
    /// Makes the network do what the conditions say, and nothing else any more, established connections included. Returns when that
    /// is in force.
    func apply(_ conditions: NetworkConditions) async throws
}

/// Clusters that can be made as new.
package protocol NodeResetting: BackendCluster {
    /// Ends all processes of some nodes and starts them with files as new. Returns when they are under way.
    func reset(_ nodes: [String]) async throws

    /// Returns when nothing runs any more of what ran before a reset.
    func awaitEnds() async throws

    /// Begins ahead what can be of the next reset, in the background.
    func prepareReset() async throws
}

extension NodeResetting {
    /// Most return from a reset when that is so.
    package func awaitEnds() async throws {}

    /// Not everything can be begun ahead.
    package func prepareReset() async throws {}
}

/// Clusters whose nodes' files can be kept: what is kept does not change meanwhile, since the node has ended or is frozen.
package protocol NodeSnapshots: BackendCluster {
    /// Makes an image of a node, without the cluster's own keys.
    func image(of node: String) async throws -> NodeImage

    /// Keeps the files of all nodes, and folders of the cluster's own that they share, in a folder that is this user's alone.
    func keepFiles(in folder: OwnFolder) async throws

    /// Ends all nodes, gives them kept files in the place of their own, and starts them. Returns when they are under way.
    ///
    /// - Parameters:
    ///   - folder: The folder in which they were kept, by this cluster or by one with the same nodes.
    ///   - isForeign: Whether another cluster has kept them: then this one's own files are put among them.
    /// - Throws: ``ClusterError``; `CancellationError`.
    func giveFiles(from folder: OwnFolder, isForeign: Bool) async throws
}

/// Clusters whose nodes' file systems can be made smaller.
package protocol DiskShaping: BackendCluster {
    /// Leaves so many bytes free on a node's file system; nil gives it its own size back.
    func fillDisk(of node: String, leaving bytes: Int?) async throws
}

/// Clusters whose nodes' file systems can be made such that nobody can write to them.
package protocol DiskProtecting: BackendCluster {
    /// Lets nobody write to a node's files, or everybody again as before.
    ///
    /// - Throws: ``ClusterError`` with the code `faultFailed` if a program has a file open for writing.
    func protectDisk(of node: String, _ isProtected: Bool) async throws
}

/// Clusters that know when their nodes have ended.
package protocol NodeEnds: BackendCluster {
    /// When each of the nodes has ended that have, and were not started again.
    func endDates() async throws -> [String: Date]
}

/// Clusters of existing machines: nothing of theirs is broken, changed or made as new.
package protocol ExistingNodes: BackendCluster {}

extension BackendCluster {
    /// Refuses what is done to a whole machine, where the machine is not the cluster's own.
    ///
    /// - Throws: ``ClusterError`` with the code `backendUnavailable`.
    func requireOwnNodes(to verb: String) throws {
        guard self is any ExistingNodes else { return }
        throw ClusterError(
            .backendUnavailable,
            "Nothing of cluster \(summary.name) can be \(verb): its nodes are existing machines (the hosts backend).",
            remedy: "Use another backend, or have the test skipped: `.requires(.faults)`.")
    }
}

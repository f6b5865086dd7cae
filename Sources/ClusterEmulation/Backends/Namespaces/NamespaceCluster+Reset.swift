#if os(Linux)
import CNamespaces
import Glibc

extension NamespaceCluster: NodeResetting {
    /// Folders that all nodes share are as new only if all nodes are: else another one uses them.
    func reset(_ nodes: [String]) async throws {
        if Set(nodes) == Set(self.nodes.map(\.name)) { try await renewSharedFolders() }
        // The lifeline does one after the other, and need not wait for this process in between.
        _ = try await concurrently(nodes, atMost: nodes.count) {
            try await self.ask(Int(NS_RESET), of: $0, "made as new")
        }
    }

    /// Nothing tells of it: the kernel may need a few milliseconds more than the new nodes do.
    func awaitEnds() async throws {
        while try await explainingLoss({ try await connected().ask(Int(NS_ASK)).code }) == EBUSY {
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// The nodes that there will be are begun, with their sshd, and wait for their interfaces. They are not the cluster's until then: nobody
    /// sees them.
    func prepareReset() async throws {
        for node in nodes { try await ask(Int(NS_PREPARE), of: node.name, "begun ahead") }
    }

    func renewSharedFolders() async throws {
        let code = try await explainingLoss { try await connected().ask(Int(NS_RENEW)).code }
        guard code == 0 else {
            throw ClusterError(
                .provisioningFailed,
                "The shared folders of cluster \(summary.name) could not be made as new: \(String(cString: strerror(code)))."
            )
        }
    }
}
#endif

#if os(Linux)
import CNamespaces
import Glibc

extension NamespaceCluster: NodePower {
    func kill(_ node: String) async throws { try await end(node, by: Int(NS_KILL), "killed") }

    func stop(_ node: String) async throws { try await end(node, by: Int(NS_STOP), "stopped") }

    func start(_ node: String) async throws { try await ask(Int(NS_START), of: node, "started") }

    private func end(_ node: String, by request: Int, _ deed: String) async throws {
        let index = try index(of: node)
        try await ask(request, of: node, deed, unless: ESRCH)
        try await explainingLoss { try await connected().reports.ended(index) }
    }

    /// Asks the lifeline for something that is done to a node.
    ///
    /// - Parameter done: The errno that says that it is so already.
    func ask(_ request: Int, of node: String, _ deed: String, unless done: Int32 = 0) async throws {
        let index = try index(of: node)
        let code = try await explainingLoss { try await connected().ask(request, node: index).code }
        guard code == 0 || code == done else {
            throw ClusterError(
                .provisioningFailed, "\(node) could not be \(deed): \(String(cString: strerror(code))).", node: node)
        }
    }
}
#endif

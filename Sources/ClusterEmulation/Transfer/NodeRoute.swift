import Foundation

/// How a shell line gets to a node and to one of its users.
package struct NodeRoute: Sendable {
    let node: String
    let user: User
    /// The cluster's folder, which goes with it.
    let folder: String
    /// The program that carries a line there and its standard streams.
    let command: @Sendable (String) async throws -> Command
    /// Throws if the connection was lost, given what that program said.
    let requireConnection: @Sendable (String) async throws -> Void

    /// The node and the user, for messages.
    var place: String { "\(node) as \(user)" }
}

extension NodeRoute {
    /// Over the connection that all of this process's commands for the node share.
    init(_ access: SSHAccess, _ node: String, _ user: User) {
        let folder = (access.configurationFile as NSString).deletingLastPathComponent
        self.init(node: node, user: user, folder: folder) { line in
            let opened = try await access.open(node, user)
            guard opened.succeeded else { throw await access.unreachable(node, user, opened.complaint) }
            return access.command(line, on: node, as: user)
        } requireConnection: { cause in
            // tar has no exit code of its own for a lost connection: whoever holds the connection knows.
            try await access.requireConnection(to: node, user, cause)
        }
    }

    /// To a node of a cluster that another process has started.
    package init(_ inventory: Inventory, _ node: String, _ user: User) {
        let provisioned = inventory.nodes.first { $0.name == node }.map(ProvisionedNode.init)
        self.init(node: node, user: user, folder: inventory.workspace.folder) { line in
            let login = try provisioned?.login(user) ?? "\(user)"
            var line = line
            if let place = provisioned?.existing, let cluster = inventory.workspace.cluster {
                line = place.line(line, of: cluster, as: login)
            }
            return Command("ssh", ["-F", inventory.sshConfig, "-T", "--", "\(login)@\(node)", line])
        } requireConnection: { cause in
            throw ClusterError(
                .connectionLost,
                "\(node) can't be reached as \(user): \(cause.isEmpty ? "the connection was lost" : cause)", node: node)
        }
    }
}

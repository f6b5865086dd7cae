import Foundation

/// How a shell line gets to a node and to one of its users.
package struct NodeRoute: Sendable {
    let node: String
    let user: User
    /// The cluster's folder, which goes with it.
    let folder: String
    /// Whether all lines go over one connection, which tells when it is lost.
    let isShared: Bool
    /// The program that carries a line there and its standard streams.
    let command: @Sendable (String) async throws -> Command
    /// Throws if the connection was lost, given what that program said.
    let requireConnection: @Sendable (String) async throws -> Void
    /// Runs a program there by the backend's own way, if that is known.
    var execute: (@Sendable ([String]) async throws -> CommandOutput)?
    /// Is told of a command that could not be ended, because the node does not answer.
    var remember: @Sendable (RemoteCommand) -> Void = { $0.abandon() }

    /// The node and the user, for messages.
    var place: String { "\(node) as \(user)" }
}

extension NodeRoute {
    /// Over the connection that all of this process's commands for the node share.
    init(_ access: SSHAccess, _ node: String, _ user: User, by cluster: (any BackendCluster)? = nil) {
        let folder = (access.configurationFile as NSString).deletingLastPathComponent
        self.init(node: node, user: user, folder: folder, isShared: true) { line in
            let opened = try await access.open(node, user)
            guard opened.succeeded else { throw await access.unreachable(node, user, opened.complaint) }
            return access.command(line, on: node, as: user)
        } requireConnection: { cause in
            // tar has no exit code of its own for a lost connection: whoever holds the connection knows.
            try await access.requireConnection(to: node, user, cause)
        }
        if let cluster { execute = { words in try await cluster.execute(words, on: node) } }
        remember = { access.remember($0) }
    }

    /// To a node of a cluster that another process has started. Nobody is asked for a password, and no node is waited for that does not
    /// answer at all within a minute.
    package init(_ inventory: Inventory, _ node: String, _ user: User, by cluster: (any BackendCluster)? = nil) {
        let options = ["BatchMode=yes", "LogLevel=ERROR", "ConnectTimeout=60"].flatMap { ["-o", $0] }
        let words = ["-F", inventory.sshConfig, "-T"] + options + ["--", "\(user)@\(node)"]
        self.init(node: node, user: user, folder: inventory.workspace.folder, isShared: false) { line in
            Command("ssh", words + [line])
        } requireConnection: { cause in
            throw ClusterError(
                .connectionLost,
                "\(node) can't be reached as \(user): \(cause.isEmpty ? "the connection was lost" : cause)", node: node)
        }
        if let cluster { execute = { words in try await cluster.execute(words, on: node) } }
    }
}

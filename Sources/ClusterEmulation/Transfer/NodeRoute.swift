import Foundation

/// How a shell line gets to a node and to one of its users.
package struct NodeRoute: Sendable {
    let node: String
    let user: User
    /// The user as the node knows them: on an existing host, the ordinary user has a name of their own.
    let login: String
    /// The cluster's folder, which goes with it.
    let folder: String
    /// The program that carries a line there and its standard streams.
    let command: @Sendable (String) async throws -> Command
    /// Throws if the connection was lost, given what that program said.
    let requireConnection: @Sendable (String) async throws -> Void
    /// Gets a line with its variables ready for a connection that others share, if there is one.
    private var share: (@Sendable (String, [String: String]) async throws -> Carriage)?
    /// Runs a program there by the backend's own way, if that is known.
    var execute: (@Sendable ([String]) async throws -> CommandOutput)?
    /// Is told of a command that could not be ended, because the node does not answer.
    var remember: @Sendable (RemoteCommand) -> Void = { $0.abandon() }

    /// Gets a line ready for its way.
    ///
    /// - Parameters:
    ///   - line: The line.
    ///   - environment: Variables that it sees; none but where a connection is shared.
    /// - Returns: What carries it.
    /// - Throws: ``ClusterError`` if the node can't be reached; `CancellationError`.
    func carriage(of line: String, environment: [String: String]) async throws -> Carriage {
        if let share { return try await share(line, environment) }
        precondition(environment.isEmpty, "variables have no way there")
        return Carriage(command: try await command(line)) { [requireConnection] output, hasBegun in
            // A line that has begun may end with 255 as well.
            if output.exitCode == 255, !hasBegun { try await requireConnection(output.complaint) }
        }
    }

    /// The node and the user, for messages.
    var place: String { "\(node) as \(user)" }
}

extension NodeRoute {
    /// Over the connection that all of this process's commands for the node share.
    init(_ access: SSHAccess, _ node: String, _ user: User, by cluster: (any BackendCluster)? = nil) {
        let folder = (access.configurationFile as NSString).deletingLastPathComponent
        self.init(node: node, user: user, login: access.login(user, on: node), folder: folder) { line in
            let opened = try await access.open(node, user)
            guard opened.succeeded else { throw await access.unreachable(node, user, opened.complaint) }
            return access.command(line, on: node, as: user)
        } requireConnection: { cause in
            // tar has no exit code of its own for a lost connection: whoever holds the connection knows.
            try await access.requireConnection(to: node, user, cause)
        }
        share = { try await access.carriage(of: $0, to: node, as: user, environment: $1) }
        if let cluster { execute = { words in try await cluster.execute(words, on: node) } }
        remember = { access.remember($0) }
    }

    /// To a node of a cluster that another process has started. Nobody is asked for a password, and no node is waited for that does not
    /// answer at all within a minute.
    package init(_ inventory: Inventory, _ node: String, _ user: User, by cluster: (any BackendCluster)? = nil) {
        let provisioned = inventory.nodes.first { $0.name == node }.map(ProvisionedNode.init)
        let options = ["BatchMode=yes", "LogLevel=ERROR", "ConnectTimeout=60"].flatMap { ["-o", $0] }
        let known = (try? provisioned?.login(user)) ?? "\(user)"
        self.init(node: node, user: user, login: known, folder: inventory.workspace.folder) { line in
            // Who can't log in there is told so when the line is to go.
            let login = try provisioned?.login(user) ?? known
            var line = line
            if let place = provisioned?.existing, let cluster = inventory.workspace.cluster {
                line = place.line(line, of: cluster, as: login)
            }
            return Command("ssh", ["-F", inventory.sshConfig, "-T"] + options + ["--", "\(login)@\(node)", line])
        } requireConnection: { cause in
            throw ClusterError(
                .connectionLost,
                "\(node) can't be reached as \(user): \(cause.isEmpty ? "the connection was lost" : cause)", node: node)
        }
        if let cluster { execute = { words in try await cluster.execute(words, on: node) } }
    }
}

/// A shell line that is ready for its way to a node.
struct Carriage: Sendable {
    /// The program that carries it and its standard streams.
    let command: Command
    /// What goes in front of what it reads.
    var input: [UInt8] = []
    /// Throws if its connection was lost, given what the program said in the end, and whether the line had begun.
    let requireConnection: @Sendable (CommandOutput, Bool) async throws -> Void
    /// Is to be called once when it has ended, or will not be carried.
    var leave: @Sendable () async -> Void = {}
}

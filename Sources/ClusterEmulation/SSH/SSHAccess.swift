import Foundation

/// The way into one cluster's nodes: the files that users get, and the library's own one multiplexed OpenSSH connection per node
/// and user.
package final class SSHAccess: Sendable {
    /// The ssh_config file for users, with an entry per node.
    package let configurationFile: String
    /// The known_hosts file with the pinned host keys.
    package let knownHostsFile: String
    package let identityFiles: [User: String]
    private let nodes: [String: ProvisionedNode]
    private let workspace: Workspace
    private let connections: Connections
    /// Where logins are noted.
    private let timeline: Timeline
    /// What could not be ended, on nodes that did not answer.
    private let unanswered = Locked<[RemoteCommand]>([])

    package init(
        nodes: [ProvisionedNode], identityFiles: [User: String], workspace: Workspace, timeline: Timeline = Timeline()
    ) {
        self.configurationFile = workspace.configurationFile
        self.knownHostsFile = workspace.knownHostsFile
        self.identityFiles = identityFiles
        self.nodes = Dictionary(nodes.map { ($0.name, $0) }) { first, _ in first }
        self.workspace = workspace
        self.connections = Connections()
        self.timeline = timeline
    }

    /// The arguments of `ssh` up to and including the destination; a command may follow.
    ///
    /// `--` ends the options for good, so that nothing after it is ever taken for one.
    package func arguments(_ node: String, _ user: User, options: [String] = []) -> [String] {
        ["-F", sharedConfigurationFile(of: node)] + options + ["--", "\(user)@\(node)"]
    }

    /// The ssh_config file by which the library itself reaches one node. Every `ssh` reads its file from beginning to end, and
    /// among a thousand nodes most of it would be about others.
    func sharedConfigurationFile(of node: String) -> String { "\(workspace.nodeConfigurationsFolder)/\(node)" }

    private func writeConfiguration(of name: String) throws {
        guard let node = nodes[name] else { preconditionFailure("\(name) is a node of another cluster") }
        try Workspace.makeFolder(workspace.nodeConfigurationsFolder)
        let file = sharedConfigurationFile(of: name)
        let alone = SharedConfiguration(
            node: node, identityFiles: identityFiles, knownHostsFile: file + ".known_hosts",
            socketFolder: workspace.socketFolder)
        try Workspace.write(alone.text, to: file)
        try Workspace.write(alone.knownHosts, to: alone.knownHostsFile)
    }

    private static let sharing = ["-T", "-o", "ControlMaster=auto", "-o", "ControlPersist=yes"]

    /// Opens the connection that later commands share, and proves it by running `true` over it.
    package func open(_ node: String, _ user: User) async throws -> CommandOutput {
        try await connections.open(Destination(node: node, user: user)) {
            try await self.connections.once(node) { try self.writeConfiguration(of: node) }
            let number = self.timeline.begin(.login, "", node: node, user: user)
            do {
                let output = try await Command("ssh", self.arguments(node, user, options: Self.sharing) + ["true"])
                    .output()
                self.timeline.end(number, exitCode: output.exitCode, complaint: output.complaint)
                return output
            } catch {
                self.timeline.end(number, error)
                throw error
            }
        }
    }

    /// The program that carries a shell line to a node, and its standard streams, over the shared connection, which is open.
    func command(_ line: String, on node: String, as user: User) -> Command {
        Command("ssh", arguments(node, user, options: Self.sharing) + [line])
    }

    /// Throws if the shared connection is lost, for the cause that a program gave that used it.
    func requireConnection(to node: String, _ user: User, _ cause: String) async throws {
        if try await isAlive(node, user) { return }
        await connections.forget(Destination(node: node, user: user))
        throw await unreachable(node, user, cause)
    }

    /// Lets a local port of 127.0.0.1 lead to a port of the node.
    ///
    /// - Returns: The local port.
    package func forward(_ nodePort: Int, on node: String, as user: User) async throws -> Int {
        let opened = try await open(node, user)
        guard opened.succeeded else { throw await unreachable(node, user, opened.complaint) }
        var complaint = ""
        // Another process may take the free port before ssh does, so a few are tried.
        for _ in 0..<5 {
            let port = try LoopbackPort.free()
            let options = ["-O", "forward", "-L", "127.0.0.1:\(port):localhost:\(nodePort)"]
            let output = try await Command("ssh", arguments(node, user, options: options)).output()
            if output.succeeded { return port }
            complaint = output.complaint
        }
        throw ClusterError(
            .connectionLost, "Port \(nodePort) of \(node) could not be forwarded: \(complaint)", node: node)
    }

    /// Lets a port of the node's 127.0.0.1 lead to a local port of 127.0.0.1.
    ///
    /// - Returns: The node's port.
    func reverseForward(_ localPort: Int, on node: String, as user: User) async throws -> Int {
        var complaint = ""
        // Above those that the kernel gives to whoever asks for any, and the usual servers': few are taken.
        for _ in 0..<5 {
            let port = Int.random(in: 61000...65535)
            let output = try await ask("forward", ["-R", "127.0.0.1:\(port):127.0.0.1:\(localPort)"], of: node, user)
            if output.succeeded { return port }
            complaint = output.complaint
        }
        throw ClusterError(
            .connectionLost, "No port of \(node) could be forwarded to port \(localPort) of this machine: \(complaint)",
            node: node)
    }

    /// Takes a forward back, if it is still there.
    func endForward(local: Int, _ nodePort: Int, isReverse: Bool, on node: String, as user: User) async throws {
        let way =
            isReverse
            ? ["-R", "127.0.0.1:\(nodePort):127.0.0.1:\(local)"] : ["-L", "127.0.0.1:\(local):localhost:\(nodePort)"]
        _ = try await ask("cancel", way, of: node, user)
    }

    /// Asks the process that holds the shared connection for something.
    private func ask(_ request: String, _ options: [String], of node: String, _ user: User) async throws
        -> CommandOutput
    {
        let opened = try await open(node, user)
        guard opened.succeeded else { throw await unreachable(node, user, opened.complaint) }
        return try await Command("ssh", arguments(node, user, options: ["-O", request] + options)).output()
    }

    /// Ends the nodes by `body`, and returns when every shared connection has ended with them.
    package func close(endingNodes body: () async throws -> Void) async throws {
        await connections.close()
        try await SharedConnections.close(in: workspace.socketFolder, endingNodes: body)
        await forgetUnanswered()
    }

    /// Ends all nodes by `body`, and returns when every shared connection has ended with them: the next commands open others.
    package func renew(endingNodes body: () async throws -> Void) async throws {
        try await SharedConnections.close(in: workspace.socketFolder, endingNodes: body)
        await forgetUnanswered()
        await connections.forgetAll()
    }

    func remember(_ command: RemoteCommand) { unanswered.withLock { $0.append(command) } }

    /// The connection has ended, and what has waited for an answer ends with it.
    private func forgetUnanswered() async {
        let commands = unanswered.withLock { commands in
            defer { commands = [] }
            return commands
        }
        for command in commands { await command.gone() }
    }

    /// Forgets the connections to a node that has ended: the next command opens one anew.
    package func forget(_ node: String) async {
        for user in User.allCases { await connections.forget(Destination(node: node, user: user)) }
    }

    /// Whether this process has stopped the cluster.
    var isClosed: Bool { get async { await connections.isClosed } }

    private func isAlive(_ node: String, _ user: User) async throws -> Bool {
        try await Command("ssh", arguments(node, user, options: ["-O", "check"])).output().succeeded
    }

    func unreachable(_ node: String, _ user: User, _ cause: String) async -> ClusterError {
        let lost = ClusterError(
            .connectionLost,
            "\(node) can't be reached as \(user): \(cause.isEmpty ? "its connection was lost" : cause)", node: node)
        // Where this process itself has ended the nodes, that is what is to be said.
        return await connections.isClosed ? .stopped(node, user) : lost
    }
}

/// A node and the user to log in as.
private struct Destination: Hashable, Sendable {
    let node: String
    let user: User
}

/// Which connections are open, so that a hundred commands at once open one connection and not a hundred.
private actor Connections {
    private var opening: [Destination: Task<CommandOutput, any Error>] = [:]
    private var known: Set<String> = []
    private(set) var isClosed = false

    func open(
        _ destination: Destination, _ connect: @escaping @Sendable () async throws -> CommandOutput
    ) async throws -> CommandOutput {
        // Somebody else may have the node's port and address by now.
        guard !isClosed else { throw ClusterError.stopped(destination.node, destination.user) }
        let task = opening[destination] ?? Task { try await connect() }
        opening[destination] = task
        do {
            let output = try await task.value
            if !output.succeeded { opening[destination] = nil }
            return output
        } catch {
            opening[destination] = nil
            throw error
        }
    }

    /// Does what has to be done once for a node.
    func once(_ node: String, _ body: () throws -> Void) rethrows {
        if known.insert(node).inserted { try body() }
    }

    func forget(_ destination: Destination) { opening[destination] = nil }

    func forgetAll() { opening = [:] }

    func close() {
        isClosed = true
        opening = [:]
    }
}

extension ClusterError {
    fileprivate static func stopped(_ node: String, _ user: User) -> ClusterError {
        ClusterError(
            .noCluster, "\(node) can't be reached as \(user): its cluster was stopped by this process.", node: node,
            remedy: "Wait for what runs on its nodes before you stop it.")
    }
}

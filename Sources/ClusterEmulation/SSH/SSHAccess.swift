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
    /// The variables that commands see on nodes whose sshd does not set them.
    private let environments: [String: [String: String]]
    private let workspace: Workspace
    private let connections: Connections
    /// Where logins are noted.
    private let timeline: Timeline
    /// What could not be ended, on nodes that did not answer.
    private let unanswered = Locked<[RemoteCommand]>([])

    package init(
        nodes: [ProvisionedNode], identityFiles: [User: String], workspace: Workspace, timeline: Timeline = Timeline(),
        environments: [String: [String: String]] = [:]
    ) {
        self.configurationFile = workspace.configurationFile
        self.knownHostsFile = workspace.knownHostsFile
        self.identityFiles = identityFiles
        self.nodes = Dictionary(nodes.map { ($0.name, $0) }) { first, _ in first }
        self.environments = environments
        self.workspace = workspace
        self.connections = Connections()
        self.timeline = timeline
    }

    /// The arguments of `ssh` up to and including the destination; a command may follow.
    ///
    /// `--` ends the options for good, so that nothing after it is ever taken for one.
    package func arguments(_ node: String, _ user: User, options: [String] = []) -> [String] {
        ["-F", sharedConfigurationFile(of: node)] + options + ["--", "\(login(user, on: node))@\(node)"]
    }

    /// The ssh_config file by which the library itself reaches one node. Every `ssh` reads its file from beginning to end, and
    /// among a thousand nodes most of it would be about others.
    func sharedConfigurationFile(of node: String) -> String { "\(workspace.nodeConfigurationsFolder)/\(node)" }

    private func node(_ name: String) -> ProvisionedNode {
        guard let node = nodes[name] else { preconditionFailure("\(name) is a node of another cluster") }
        return node
    }

    /// A user as the node knows them.
    func login(_ user: User, on node: String) -> String { (try? self.node(node).login(user)) ?? "\(user)" }

    private func writeConfiguration(of name: String) throws {
        let node = node(name)
        // What is known of existing machines, whoever knows them has written.
        if node.existing != nil { return }
        try Workspace.makeFolder(workspace.nodeConfigurationsFolder)
        let file = sharedConfigurationFile(of: name)
        let alone = SharedConfiguration(
            node: node, gateway: node.behind.map(self.node), identityFiles: identityFiles,
            knownHostsFile: file + ".known_hosts",
            socketFolder: workspace.socketFolder)
        try Workspace.write(alone.text, to: file)
        try Workspace.write(alone.knownHosts, to: alone.knownHostsFile)
    }

    private static let sharing = ["-T", "-o", "ControlMaster=auto", "-o", "ControlPersist=yes"]

    /// The options by which a command shares a connection: the node's first, or another one that is named by its socket.
    private func sharing(_ lane: Int) -> [String] {
        guard lane > 0 else { return Self.sharing }
        return Self.sharing + ["-S", "\(SSHConfiguration.escaped(workspace.socketFolder))/%r@%n.\(lane)"]
    }

    /// Opens the connection that later commands share, and proves it by running `true` over it.
    ///
    /// - Throws: ``ClusterError`` if nobody can log in there as that user; `CancellationError`.
    package func open(_ node: String, _ user: User) async throws -> CommandOutput {
        try await open(node, user, lane: 0)
    }

    private func open(_ node: String, _ user: User, lane: Int) async throws -> CommandOutput {
        _ = try self.node(node).login(user)
        return try await connections.open(Destination(node: node, user: user, lane: lane)) {
            try await self.connections.once(node) { try self.writeConfiguration(of: node) }
            let number = self.timeline.begin(.login, "", node: node, user: user)
            do {
                let output = try await Command(
                    "ssh", self.arguments(node, user, options: self.sharing(lane)) + ["true"]
                )
                .output()
                self.timeline.end(number, exitCode: output.exitCode, complaint: output.complaint)
                return output
            } catch {
                self.timeline.end(number, error)
                throw error
            }
        }
    }

    /// Gets a shell line ready for its way to a node.
    ///
    /// - Throws: ``ClusterError`` if the node can't be reached; `CancellationError`.
    func carriage(
        of line: String, to node: String, as user: User, environment: [String: String]
    ) async throws -> Carriage {
        if let place = self.node(node).existing {
            return try await carriage(of: line, to: place, on: node, as: user, environment: environment)
        }
        let opened = try await open(node, user)
        guard opened.succeeded else { throw await unreachable(node, user, opened.complaint) }
        let variables = SentVariables(environment)
        var command = command(variables.prelude + line, on: node, as: user)
        command.environment = variables.local
        return Carriage(command: command) { output, _ in
            // 255 is either the command's own exit code or ssh's word for a lost connection: the master knows which.
            if output.exitCode == 255 { try await self.requireConnection(to: node, user, output.complaint) }
        }
    }

    /// The same, to a machine that was there before: its sshd lets ten commands share a connection and no more (`MaxSessions`), and takes no
    /// variables.
    private func carriage(
        of line: String, to place: HostPlace, on node: String, as user: User, environment: [String: String]
    ) async throws -> Carriage {
        let login = try self.node(node).login(user)
        let lane = await connections.enter(Destination(node: node, user: user))
        let destination = Destination(node: node, user: user, lane: lane)
        do {
            let opened = try await open(node, user, lane: lane)
            guard opened.succeeded else { throw await unreachable(node, user, opened.complaint) }
        } catch {
            await connections.leave(destination)
            throw error
        }
        let variables = HostPlace.variables((environments[node] ?? [:]).merging(environment) { $1 })
        let words = [place.line(line, of: cluster, as: login, variables: variables.count)]
        let command = Command("ssh", arguments(node, user, options: sharing(lane)) + words)
        return Carriage(command: command, input: variables) { output, _ in
            if output.exitCode == 255 {
                try await self.requireConnection(to: node, user, output.complaint, lane: lane)
                if output.standardError.contains(place.isGone) {
                    throw await self.unreachable(node, user, "the cluster has its folder there no more")
                }
            }
        } leave: {
            await self.connections.leave(destination)
        }
    }

    private var cluster: ClusterID {
        guard let cluster = workspace.cluster else {
            preconditionFailure("\(workspace.folder) is not a cluster's folder")
        }
        return cluster
    }

    /// The program that carries a shell line to a node, and its standard streams, over the shared connection, which is open.
    func command(_ line: String, on node: String, as user: User) -> Command {
        let place = self.node(node).existing
        let line = place?.line(line, of: cluster, as: login(user, on: node)) ?? line
        return Command("ssh", arguments(node, user, options: Self.sharing) + [line])
    }

    /// Throws if the shared connection is lost, for the cause that a program gave that used it.
    func requireConnection(to node: String, _ user: User, _ cause: String, lane: Int = 0) async throws {
        if try await isAlive(node, user, lane) { return }
        await connections.forget(Destination(node: node, user: user, lane: lane))
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

    private func isAlive(_ node: String, _ user: User, _ lane: Int) async throws -> Bool {
        try await Command("ssh", arguments(node, user, options: sharing(lane) + ["-O", "check"])).output().succeeded
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
    /// Which of the connections, where one is not enough.
    var lane = 0
}

/// Which connections are open, so that a hundred commands at once open one connection and not a hundred.
private actor Connections {
    private var opening: [Destination: Task<CommandOutput, any Error>] = [:]
    private var known: Set<String> = []
    private var running: [Destination: Int] = [:]
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

    /// How many commands share a connection: sshd's own limit is ten, of which one is for whatever else is asked.
    private static let most = 8

    /// Finds room for a command.
    ///
    /// - Returns: The number of a connection that is to have it.
    func enter(_ destination: Destination) -> Int {
        var place = destination
        while running[place, default: 0] >= Self.most { place.lane += 1 }
        running[place, default: 0] += 1
        return place.lane
    }

    func leave(_ place: Destination) { running[place, default: 1] -= 1 }

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

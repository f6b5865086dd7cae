extension Cluster {
    /// Runs a shell line on all nodes, or on some, at once, and waits until it has ended on each.
    ///
    /// The nodes do not wait for each other, but for their turn if they are more than `limit`. A node that can't be reached is one of the
    /// failures of the results, by its name, and the others go on. If the task is cancelled, the line is ended on all nodes where
    /// it runs, and begins on no other.
    ///
    /// ```swift
    /// func mountEverywhere(_ cluster: Cluster) async throws {
    ///     try await cluster.run("mkdir -p /data && mount -t tmpfs none /data", as: .root).requireSuccess()
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - line: The shell line, which each node's login shell reads.
    ///   - nodes: Where; on all nodes unless you say otherwise.
    ///   - limit: On how many nodes it may run at a time. The default, 64, is that of ClusterShell's `clush`. Where the nodes wait for
    ///     each other, as a barrier lets them, it has to be their number.
    ///   - user: Who runs it.
    ///   - environment: Variables that the line sees, on top of the cluster's. They never appear on a command line.
    ///   - standardInput: What it reads on each node; nothing by default.
    ///   - timeout: How long it may take on each node, from when it begins there; nil means as long as it likes.
    /// - Returns: How it ended on each node, in the order of `nodes`.
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` before anything runs; `CancellationError`. What happens on a node is
    ///   in the results; ``CommandResults/requireSuccess()`` throws it.
    @discardableResult
    public func run(
        _ line: String, on nodes: [Node]? = nil, atMost limit: Int = 64, as user: User = .ubuntu,
        environment: [String: String] = [:], standardInput: some CommandInput = "", timeout: Duration? = nil
    ) async throws -> CommandResults {
        let nodes = nodes ?? self.nodes
        try check(nodes, limit)
        for node in nodes { try node.refuse(line, environment) }
        try ResourceLimits.allowOpenFiles(programs: Swift.min(limit, nodes.count))
        let results = try await concurrently(nodes, atMost: limit) { node -> Result<CommandResult, ClusterError> in
            do {
                return .success(
                    try await node.run(
                        line, as: user, environment: environment, standardInput: standardInput, timeout: timeout))
            } catch let error as CancellationError {
                throw error
            } catch {
                return .failure(.unexpected(error))
            }
        }
        return CommandResults(
            command: line, user: user, zip(nodes, results).map { (node: $0.name, result: $1) })
    }

    /// Runs a program on all nodes, or on some, at once, with arguments that no shell changes.
    ///
    /// - Parameters:
    ///   - words: The program and its arguments.
    ///   - nodes: Where; on all nodes unless you say otherwise.
    ///   - limit: On how many nodes it may run at a time.
    ///   - user: Who runs it.
    ///   - environment: Variables that the program sees, on top of the cluster's. They never appear on a command line.
    ///   - standardInput: What it reads on each node; nothing by default.
    ///   - timeout: How long it may take on each node, from when it begins there; nil means as long as it likes.
    /// - Returns: How it ended on each node, in the order of `nodes`.
    /// - Throws: As `run` with a shell line does.
    @discardableResult
    public func run(
        _ words: [String], on nodes: [Node]? = nil, atMost limit: Int = 64, as user: User = .ubuntu,
        environment: [String: String] = [:], standardInput: some CommandInput = "", timeout: Duration? = nil
    ) async throws -> CommandResults {
        try await run(
            NodeCommand.line(words, for: name), on: nodes, atMost: limit, as: user,
            environment: environment, standardInput: standardInput, timeout: timeout)
    }

    private func check(_ nodes: [Node], _ limit: Int) throws {
        if limit < 1 {
            throw ClusterError(
                .invalidConfiguration, "A command can't run on at most \(limit) nodes at a time: the least is 1.")
        }
        if nodes.isEmpty {
            throw ClusterError(.invalidConfiguration, "There is no node to run a command on: the list is empty.")
        }
        let own = Set(self.nodes)
        if let stranger = nodes.first(where: { !own.contains($0) }) {
            throw ClusterError(
                .invalidConfiguration, "\(stranger.name) is a node of another cluster than \(name).",
                node: stranger.name)
        }
        var names = Set<String>()
        if let twice = nodes.first(where: { !names.insert($0.name).inserted }) {
            throw ClusterError(.invalidConfiguration, "\(twice.name) is in the list twice.", node: twice.name)
        }
    }
}

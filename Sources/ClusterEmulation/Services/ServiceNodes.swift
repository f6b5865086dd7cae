/// The nodes of a service that is being started, on which it can run programs.
///
/// Programs are run as root by the backend's own way, which needs no SSH: in `/root`, with sshd's PATH and HOME alone for an
/// environment, within the node's limits. What they leave behind goes on.
public struct ServiceNodes: Sendable {
    /// All nodes of the cluster.
    public let layout: ClusterLayout
    /// Where the service runs, and what it has there.
    public let plan: ServicePlan

    let cluster: any BackendCluster

    /// The names of the service's nodes.
    public var names: [String] { plan.nodes }

    /// Runs a program on a node as root.
    ///
    /// - Parameters:
    ///   - words: The program and its arguments.
    ///   - node: The node's name. It need not be one of the service's.
    ///   - input: What it gets as its standard input.
    /// - Returns: What it printed, and its exit code, which may be any.
    /// - Throws: ``ClusterError`` if the node has ended; `CancellationError`.
    @discardableResult
    public func run(_ words: [String], on node: String, input: String = "") async throws -> CommandResult {
        let clock = ContinuousClock()
        let begin = clock.now
        let output = try await cluster.execute(words, on: node, input: Array(input.utf8))
        return CommandResult(
            command: words.map(shellQuoted).joined(separator: " "), node: node, user: .root, output: output,
            duration: clock.now - begin)
    }

    /// Runs a line of the shell `sh` on a node as root.
    @discardableResult
    public func run(_ line: String, on node: String, input: String = "") async throws -> CommandResult {
        try await run(["sh", "-c", line], on: node, input: input)
    }

    /// Runs a part of a service's start or proof on a node as root.
    ///
    /// - Throws: ``ClusterError`` that says what is the matter, in place of the script's text, with what the script has said last.
    func run(_ script: String, on node: String, else trouble: String) async throws {
        let result = try await run(script, on: node)
        guard result.exitCode == 0 else {
            let said = result.standardError + result.standardOutput
            throw ClusterError(.notReady, trouble, node: node, log: ClusterError.lastLines(said, 8))
        }
    }

    /// Does something on all of the service's nodes at once, and returns when all is done.
    ///
    /// - Throws: What was thrown first; the others are cancelled.
    public func onEach(_ body: @escaping @Sendable (_ node: String) async throws -> Void) async throws {
        try await onEach(of: plan.nodes, body)
    }

    /// Does something on some nodes at once, and returns when all is done.
    ///
    /// - Throws: What was thrown first; the others are cancelled.
    public func onEach(
        of nodes: [String], _ body: @escaping @Sendable (_ node: String) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in nodes { group.addTask { try await body(node) } }
            // waitForAll() would let the others go on to their end.
            for try await _ in group {}
        }
    }

    /// Returns when something on a node takes connections to a port of its loopback or of its address.
    public func waitForPort(_ port: Int, on node: String) async throws {
        // One program waits, so that nothing is started again and again.
        let line = """
            until (exec 3<>/dev/tcp/localhost/\(port)) 2>/dev/null || (exec 3<>"/dev/tcp/$(hostname)/\(port)") 2>/dev/null; do
                sleep 0.01
            done
            """
        try await run(["bash", "-c", line], on: node).requireSuccess()
    }
}

extension Node {
    /// Starts a shell line on the node, over the user's shared connection, and does not wait for its end.
    ///
    /// - Parameters:
    ///   - line: The shell line, which the user's login shell reads.
    ///   - user: Who runs it.
    ///   - environment: Variables that the line sees, on top of the cluster's. They never appear on a command line.
    ///   - standardInput: What it reads; nothing by default.
    ///   - onLine: Gets each line that it prints, as it comes, on another thread.
    /// - Returns: The command, which goes on whether anybody holds it or not.
    /// - Throws: ``ClusterError`` as `run` does.
    public func start(
        _ line: String, as user: User = .ubuntu, environment: [String: String] = [:],
        standardInput: some CommandInput = "", onLine: (@Sendable (OutputLine) -> Void)? = nil
    ) async throws -> RunningCommand {
        try await RunningCommand(
            line, on: self, as: user, environment: environment, input: standardInput.source, onLine: onLine)
    }

    /// Starts a program on the node with arguments that no shell changes, and does not wait for its end.
    ///
    /// - Parameters:
    ///   - words: The program and its arguments.
    ///   - user: Who runs it.
    ///   - environment: Variables that the program sees, on top of the cluster's. They never appear on a command line.
    ///   - standardInput: What it reads; nothing by default.
    ///   - onLine: Gets each line that it prints, as it comes, on another thread.
    /// - Returns: The command, which goes on whether anybody holds it or not.
    /// - Throws: ``ClusterError`` as `run` does.
    public func start(
        _ words: [String], as user: User = .ubuntu, environment: [String: String] = [:],
        standardInput: some CommandInput = "", onLine: (@Sendable (OutputLine) -> Void)? = nil
    ) async throws -> RunningCommand {
        try await start(
            NodeCommand.line(words, for: name), as: user, environment: environment, standardInput: standardInput,
            onLine: onLine)
    }

    /// The lines that a shell line prints on the node, as they come.
    ///
    /// ```swift
    /// func firstAddress(of node: Node) async throws -> String? {
    ///     for try await line in node.stream("ip monitor address") { return line.text }
    ///     return nil
    /// }
    /// ```
    ///
    /// It is started when this is called. Whoever stops reading ends it on the node. If it ends with another exit code than 0, that is thrown
    /// behind its last line.
    ///
    /// - Parameters:
    ///   - line: The shell line, which the user's login shell reads.
    ///   - user: Who runs it.
    ///   - environment: Variables that the line sees, on top of the cluster's. They never appear on a command line.
    ///   - standardInput: What it reads; nothing by default.
    /// - Returns: The lines of its standard output and its standard error. They can be read once.
    public func stream(
        _ line: String, as user: User = .ubuntu, environment: [String: String] = [:],
        standardInput: some CommandInput = ""
    ) -> AsyncThrowingStream<OutputLine, any Error> {
        AsyncThrowingStream { continuation in
            let running = Task {
                do {
                    try await run(line, as: user, environment: environment, standardInput: standardInput) {
                        continuation.yield($0)
                    }.requireSuccess()
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in running.cancel() }
        }
    }
}

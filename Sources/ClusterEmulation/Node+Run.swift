extension Node {
    /// Runs a shell line on the node, over the user's shared connection, and waits for its end.
    ///
    /// The user's login shell on the node (bash) reads the line, and no other shell does. A non-zero exit code is a
    /// result, not an error; ``CommandResult/requireSuccess()`` makes it one.
    ///
    /// If the task is cancelled or the time is over, the line and what it has started in its session get SIGTERM, also in the background, and
    /// SIGKILL a second later. `run` returns when they have ended. A node that does not answer is waited for ten seconds or so.
    ///
    /// ```swift
    /// import Foundation
    ///
    /// func build(on node: Node, _ archive: URL) async throws {
    ///     try await node.run("tar xz && make", standardInput: archive, timeout: .seconds(600)) { line in
    ///         print(line.text)
    ///     }.requireSuccess()
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - line: The shell line.
    ///   - user: Who runs it.
    ///   - environment: Variables that the line sees, on top of the cluster's. They never appear on a command line.
    ///   - standardInput: What it reads: a `String`, `Data`, or the `URL` of a file of this machine; nothing by default.
    ///   - timeout: How long it may take; nil means as long as it likes.
    ///   - onLine: Gets each line that it prints, as it comes, on another thread. The result has them all the same.
    /// - Returns: What it printed and how it ended.
    /// - Throws: ``ClusterError`` if the node can't be reached (`connectionLost`; `noCluster` if this process has
    ///   stopped the cluster meanwhile; `clusterLost` if something else has ended all nodes), the time is over
    ///   (`timedOut`, with what was printed until then as ``ClusterError/result``), or a variable's name is not valid or the file for its
    ///   standard input can't be read (`invalidConfiguration`); `CancellationError`.
    @discardableResult
    public func run(
        _ line: String, as user: User = .ubuntu, environment: [String: String] = [:],
        standardInput: some CommandInput = "", timeout: Duration? = nil,
        onLine: (@Sendable (OutputLine) -> Void)? = nil
    ) async throws -> CommandResult {
        try await RunningCommand(
            line, on: self, as: user, environment: environment, input: standardInput.source, onLine: onLine
        ).wait(timeout: timeout)
    }

    /// Runs a program on the node with arguments that no shell changes, over the user's shared connection.
    ///
    /// - Parameters:
    ///   - words: The program and its arguments.
    ///   - user: Who runs it.
    ///   - environment: Variables that the program sees, on top of the cluster's. They never appear on a command line.
    ///   - standardInput: What it reads; nothing by default.
    ///   - timeout: How long it may take; nil means as long as it likes.
    ///   - onLine: Gets each line that it prints, as it comes, on another thread.
    /// - Returns: What it printed and how it ended.
    /// - Throws: As `run` with a shell line does.
    @discardableResult
    public func run(
        _ words: [String], as user: User = .ubuntu, environment: [String: String] = [:],
        standardInput: some CommandInput = "", timeout: Duration? = nil,
        onLine: (@Sendable (OutputLine) -> Void)? = nil
    ) async throws -> CommandResult {
        try await run(
            NodeCommand.line(words, for: name), as: user, environment: environment, standardInput: standardInput,
            timeout: timeout, onLine: onLine)
    }

    /// Refuses what can't be run with these variables.
    func refuse(_ line: String, _ environment: [String: String]) throws {
        try NodeCommand.refuseNUL(in: [line] + environment.values, for: name)
        if let variable = environment.keys.first(where: { !SentVariables.isValidName($0) }) {
            throw ClusterError(
                .invalidConfiguration,
                "\"\(ClusterConfiguration.printable(variable))\" is not a name that an environment variable can have.",
                node: name)
        }
    }
}

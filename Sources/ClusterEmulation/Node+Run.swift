extension Node {
    /// Runs a shell line on the node, over the user's shared connection, and waits for its end.
    ///
    /// The user's login shell on the node (bash) reads the line, and no other shell does. A non-zero exit code is a
    /// result, not an error; ``CommandResult/requireSuccess()`` makes it one.
    ///
    /// - Parameters:
    ///   - line: The shell line.
    ///   - user: Who runs it.
    ///   - environment: Variables that the line sees, on top of the cluster's. They never appear on a command line.
    ///   - standardInput: What it reads; nothing by default.
    ///   - timeout: How long it may take; nil means as long as it likes. When the time is over, the line and what it
    ///     started get SIGTERM, and SIGKILL a second later.
    /// - Returns: What it printed and how it ended.
    /// - Throws: ``ClusterError`` if the node can't be reached (`connectionLost`; `noCluster` if this process has
    ///   stopped the cluster meanwhile; `clusterLost` if something else has ended all nodes), the time is over
    ///   (`timedOut`), or a variable's name is not valid (`invalidConfiguration`); `CancellationError`.
    @discardableResult
    public func run(
        _ line: String, as user: User = .ubuntu, environment: [String: String] = [:], standardInput: String = "",
        timeout: Duration? = nil
    ) async throws -> CommandResult {
        let begun = ContinuousClock.now
        try refuse(line, environment)
        let number = timeline.begin(
            .command, line, node: name, user: user,
            secrets: Secrets(environment: environment, input: standardInput))
        let output: CommandOutput
        do {
            output = try await carryOut(line, user, environment, Array(standardInput.utf8), timeout)
        } catch {
            timeline.end(number, error)
            throw error
        }
        timeline.end(
            number, exitCode: output.exitCode, output: output.standardOutput, complaint: output.standardError)
        return CommandResult(
            command: line, node: name, user: user, standardOutput: output.standardOutput,
            standardError: output.standardError, exitCode: output.exitCode, duration: .now - begun)
    }

    private func carryOut(
        _ line: String, _ user: User, _ environment: [String: String], _ input: [UInt8], _ timeout: Duration?
    ) async throws -> CommandOutput {
        let (access, name) = (access, name)
        guard let timeout else {
            return try await explainingLoss {
                try await access.run(line, on: name, as: user, environment: environment, input: input)
            }
        }
        let bounded = Self.bounded(line, by: timeout)
        do {
            return try await withDeadline(timeout) {
                try await explainingLoss {
                    try await access.run(bounded, on: name, as: user, environment: environment, input: input)
                }
            }
        } catch is DeadlineExceeded {
            throw ClusterError(
                .timedOut, "`\(line)` as \(user) on \(name) did not end within \(timeout.inSeconds).",
                node: name)
        }
    }

    /// Runs a program on the node with arguments that no shell changes, over the user's shared connection.
    ///
    /// - Parameters:
    ///   - words: The program and its arguments.
    ///   - user: Who runs it.
    ///   - environment: Variables that the program sees, on top of the cluster's. They never appear on a command line.
    ///   - standardInput: What it reads; nothing by default.
    ///   - timeout: How long it may take; nil means as long as it likes.
    /// - Returns: What it printed and how it ended.
    /// - Throws: As `run` with a shell line does.
    @discardableResult
    public func run(
        _ words: [String], as user: User = .ubuntu, environment: [String: String] = [:], standardInput: String = "",
        timeout: Duration? = nil
    ) async throws -> CommandResult {
        try NodeCommand.requireProgram(words, for: name)
        return try await run(
            words.map(shellQuoted).joined(separator: " "), as: user, environment: environment,
            standardInput: standardInput, timeout: timeout)
    }

    private func refuse(_ line: String, _ environment: [String: String]) throws {
        try NodeCommand.refuseNUL(in: [line] + environment.values, for: name)
        if let variable = environment.keys.first(where: { !SentVariables.isValidName($0) }) {
            throw ClusterError(
                .invalidConfiguration,
                "\"\(ClusterConfiguration.printable(variable))\" is not a name that an environment variable can have.",
                node: name)
        }
    }

    /// A command on the node goes on when the local ssh ends. So the node enforces the time limit as well.
    private static func bounded(_ line: String, by limit: Duration) -> String {
        "exec timeout --kill-after=1 \(limit / .seconds(1)) \"$SHELL\" -c \(shellQuoted(line))"
    }
}

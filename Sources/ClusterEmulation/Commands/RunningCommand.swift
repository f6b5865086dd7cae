/// A command that runs on a node while its caller goes on. It ends by itself, when it is terminated, or with its node.
///
/// ```swift
/// func withServer(on node: Node, _ body: () async throws -> Void) async throws {
///     let server = try await node.start("python3 -m http.server 8000")
///     try await node.waitUntil(.port(8000), within: .seconds(10))
///     try await body()
///     await server.terminate()
/// }
/// ```
public final class RunningCommand: Sendable {
    /// The command line as the node's shell got it.
    public let command: String
    /// The node that it runs on.
    public let node: Node
    /// The user it runs as.
    public let user: User

    private let remote: RemoteCommand
    private let begun = ContinuousClock.now
    private let number: Int

    init(
        _ line: String, on node: Node, as user: User, environment: [String: String], input: CommandInputSource,
        onLine: (@Sendable (OutputLine) -> Void)?
    ) async throws {
        try node.refuse(line, environment)
        let (reading, close) = try input.opened(for: node.name)
        let lines = onLine.map(OutputLines.init)
        let number = node.timeline.begin(
            .command, line, node: node.name, user: user,
            secrets: Secrets(environment: environment, input: input.text))
        (command, self.node, self.user, self.number) = (line, node, user, number)
        do {
            remote = try await node.explainingLoss { [node] in
                try await RemoteCommand(
                    line, by: NodeRoute(node.access, node.name, user, by: node.cluster), environment: environment,
                    input: reading
                ) {
                    lines?.add(output: $0)
                } onError: {
                    lines?.add(error: $0)
                } onEnd: {
                    lines?.end()
                    close()
                }
            }
        } catch {
            close()
            node.timeline.end(number, error)
            throw error
        }
        // It may be that nobody waits for it.
        Task { [self] in if let output = await remote.untouched { note(output) } }
    }

    /// Waits for its end. A non-zero exit code is a result, not an error.
    ///
    /// If the task is cancelled or the time is over, it is ended as ``terminate()`` does it.
    ///
    /// - Parameter timeout: How long to wait; nil means as long as it takes.
    /// - Returns: What it printed and how it ended.
    /// - Throws: ``ClusterError`` if the node can't be reached any more, or the time is over (`timedOut`, with what was printed until then
    ///   as ``ClusterError/result``); `CancellationError`.
    @discardableResult
    public func wait(timeout: Duration? = nil) async throws -> CommandResult {
        do {
            let output = try await node.explainingLoss { [remote] in try await remote.value(within: timeout) }
            note(output)
            return result(output)
        } catch let error as RemoteCommand.TimeExceeded {
            let late = result(error.output).late(timeout ?? .zero)
            node.timeline.end(number, late)
            throw late
        } catch {
            node.timeline.end(number, error)
            throw error
        }
    }

    /// Ends it: it and what it has started in its session get SIGTERM, and SIGKILL a second later. Returns when they have ended; a node that
    /// does not answer is waited for ten seconds or so. One that has ended already stays as it is.
    public func terminate() async {
        await remote.end()
        note(remote.ended ?? remote.soFar)
    }

    private func note(_ output: CommandOutput) {
        node.timeline.end(
            number, exitCode: output.exitCode, output: output.standardOutput, complaint: output.standardError)
    }

    private func result(_ output: CommandOutput) -> CommandResult {
        CommandResult(command: command, node: node.name, user: user, output: output, duration: .now - begun)
    }
}

public import Foundation

/// What a command on a node printed, how it ended, and how long it took.
public struct CommandResult: Sendable, Hashable {
    /// The command line as the node's shell got it.
    public let command: String
    /// The name of the node it ran on.
    public let node: String
    /// The user it ran as.
    public let user: User
    /// What it wrote to standard output, byte by byte.
    public let standardOutputData: Data
    /// What it wrote to standard output, decoded as UTF-8 (other bytes become U+FFFD; ``standardOutputData`` has them).
    public let standardOutput: String
    /// What it wrote to standard error, decoded as UTF-8 (other bytes become U+FFFD).
    public let standardError: String
    /// The exit code, or 128 plus the number of the signal that ended the last program, as shells count: 139 is SIGSEGV.
    ///
    /// Of a signal that ended the node's shell itself, OpenSSH tells no number: then it is 255, which may be an exit code as well.
    public let exitCode: Int32
    /// The time from asking for the command to its end, as the test saw it.
    public let duration: Duration

    init(command: String, node: String, user: User, output: CommandOutput, duration: Duration) {
        self.command = command
        self.node = node
        self.user = user
        self.standardOutputData = Data(output.output)
        self.standardOutput = output.standardOutput
        self.standardError = output.standardError
        self.exitCode = output.exitCode
        self.duration = duration
    }

    /// The lines of standard output, without empty ones. They end with a line feed, or a carriage return and a line feed.
    public var lines: [String] { standardOutput.filledLines.map(String.init) }

    /// Whether the exit code is 0.
    ///
    /// Where it is not, `#expect(result.succeeded)` shows the result, with the last lines of standard error.
    public var succeeded: Bool { exitCode == 0 }

    /// The number of the signal that ended the command, as its exit code has it: 9 of 137, 11 of 139. Nil if there was none.
    ///
    /// A program may end with such an exit code of its own as well.
    public var signal: Int32? { (129...192).contains(exitCode) ? exitCode - 128 : nil }

    /// Returns the result if the exit code is 0.
    ///
    /// - Throws: ``ClusterError`` with the code ``ClusterError/Code/commandFailed``, naming the node and the command,
    ///   with the last lines of what the command printed.
    @discardableResult
    public func requireSuccess() throws -> CommandResult {
        if let failure { throw failure }
        return self
    }

    /// The error of a command that did not end with the exit code 0; nil if it did.
    var failure: ClusterError? { succeeded ? nil : error(.commandFailed, howItEnded + ".") }

    /// The error of a command that took too long.
    func late(_ limit: Duration) -> ClusterError { error(.timedOut, "did not end within \(limit.inSeconds).") }

    private func error(_ code: ClusterError.Code, _ predicate: String) -> ClusterError {
        ClusterError(
            code, "`\(command)` as \(user) on \(node) \(predicate)", node: node, log: lastLines,
            logName: logName, result: self)
    }

    private var howItEnded: String {
        signal.map { "was ended by signal \($0), exit code \(exitCode)" } ?? "ended with exit code \(exitCode)"
    }

    /// What most likely says why.
    private var logName: String { standardError.isEmpty ? "standard output" : "standard error" }

    private var lastLines: String { ClusterError.lastLines(standardError.isEmpty ? standardOutput : standardError) }
}

extension CommandResult: CustomStringConvertible {
    /// The command, how it ended, and the last lines of its standard error; of standard output if there is none of that.
    public var description: String {
        let head = "`\(command)` as \(user) on \(node) \(howItEnded)"
        return lastLines.isEmpty ? head : head + "\n" + ClusterError.indented(lastLines, under: logName)
    }
}

import Foundation

/// What a command on a node printed, how it ended, and how long it took.
public struct CommandResult: Sendable, Hashable {
    /// The command line as the node's shell got it.
    public let command: String
    /// The name of the node it ran on.
    public let node: String
    /// The user it ran as.
    public let user: User
    /// What it wrote to standard output, decoded as UTF-8 (other bytes become U+FFFD).
    public let standardOutput: String
    /// What it wrote to standard error, decoded as UTF-8 (other bytes become U+FFFD).
    public let standardError: String
    /// The exit code; 255 also stands for a command that a signal ended, as OpenSSH reports it.
    public let exitCode: Int32
    /// The time from asking for the command to its end, as the test saw it.
    public let duration: Duration

    /// The lines of standard output, without empty ones.
    public var lines: [String] { standardOutput.split(separator: "\n").map(String.init) }

    /// Returns the result if the exit code is 0.
    ///
    /// - Throws: ``ClusterError`` with the code ``ClusterError/Code/commandFailed``, naming the node and the command,
    ///   with the last lines of what the command printed.
    @discardableResult
    public func requireSuccess() throws -> CommandResult {
        guard exitCode != 0 else { return self }
        let printed = standardError.isEmpty ? standardOutput : standardError
        throw ClusterError(
            .commandFailed, "`\(command)` as \(user) on \(node) ended with exit code \(exitCode).", node: node,
            log: ClusterError.lastLines(printed)
        )
    }
}

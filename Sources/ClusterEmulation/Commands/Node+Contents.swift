public import Foundation

extension Node {
    /// Writes a file on the node, over one that is there.
    ///
    /// - Parameters:
    ///   - data: What is to be in it.
    ///   - path: Its path on the node, relative to the user's home unless it begins with `/`.
    ///   - user: Who writes it, and whose it is.
    /// - Throws: ``ClusterError`` with the code `transferFailed`, which names the path and the cause; as `run` does if the node can't be
    ///   reached; `CancellationError`.
    public func write(_ data: Data, to path: String, as user: User = .ubuntu) async throws {
        let result = try await run(["sh", "-c", #"cat >"$1""#, "sh", path], as: user, standardInput: data)
        if !result.succeeded { throw failed(result, "\(path) on \(name) could not be written as \(user)") }
    }

    /// Writes a text to a file on the node, as UTF-8, over one that is there.
    ///
    /// - Throws: As writing data does.
    public func write(_ text: String, to path: String, as user: User = .ubuntu) async throws {
        try await write(Data(text.utf8), to: path, as: user)
    }

    /// Reads a file of the node.
    ///
    /// - Parameters:
    ///   - path: Its path on the node, relative to the user's home unless it begins with `/`.
    ///   - user: Who reads it.
    /// - Returns: What is in it.
    /// - Throws: As writing data does.
    public func read(_ path: String, as user: User = .ubuntu) async throws -> Data {
        let result = try await run(["cat", "--", path], as: user)
        if !result.succeeded { throw failed(result, "\(path) on \(name) could not be read as \(user)") }
        return result.standardOutputData
    }

    /// The system's words for the cause, without the programs in front of them.
    private func failed(_ result: CommandResult, _ failure: String) -> ClusterError {
        let line = result.standardError.filledLines.last.map(String.init) ?? "exit code \(result.exitCode)"
        let cause = line.components(separatedBy: ": ").last ?? line
        return ClusterError(
            .transferFailed, ClusterError.sentence("\(failure): \(cause)"), node: name, result: result)
    }
}

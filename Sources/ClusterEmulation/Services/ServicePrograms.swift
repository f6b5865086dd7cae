import CScripts

/// What services of Python programs that belong to `ubuntu` have in common.
extension ServiceNodes {
    /// Starts a program that goes on, for `ubuntu`, with the variables that every command on the node sees.
    ///
    /// What it says is in `/var/log/NAME.log`, and its process number in `/run/NAME.pid`.
    ///
    /// - Throws: ``ClusterError`` if the image has no such program.
    func start(
        _ words: [String], as name: String, environment: [String: String] = [:], on node: String
    ) async throws {
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
        try await carryOut(
            String(cString: program_starting_script()), by: ["sh", "-s", "-", name] + variables + words, on: node)
    }

    /// Runs a program of Python's that ends when a service works, or with a word of why it never will.
    func prove(by program: String, _ words: [String], on node: String) async throws {
        try await carryOut(program, by: ["python3", "-"] + words, on: node)
    }

    private func carryOut(_ program: String, by words: [String], on node: String) async throws {
        let result = try await run(words, on: node, input: program)
        guard result.exitCode != 0 else { return }
        let cause = result.standardError.split(separator: "\n").last.map(String.init)
        throw ClusterError(
            .commandFailed, cause ?? "`\(result.command)` on \(node) ended with exit code \(result.exitCode).",
            node: node)
    }
}

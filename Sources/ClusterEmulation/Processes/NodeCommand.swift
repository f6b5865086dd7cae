/// What can be a command for a node, by whichever way it gets there.
enum NodeCommand {
    /// Refuses words that name no program.
    static func requireProgram(_ words: [String], for node: String) throws {
        if words.first?.isEmpty == false { return }
        throw ClusterError(
            .invalidConfiguration, "There is no program to run on \(node): the list is empty.", node: node)
    }

    /// The line that runs a program with its arguments as they are, in any shell.
    static func line(_ words: [String], for node: String) throws -> String {
        try requireProgram(words, for: node)
        return words.map(shellQuoted).joined(separator: " ")
    }

    /// Refuses texts of which one has a NUL byte.
    static func refuseNUL(in texts: [String], for node: String) throws {
        guard texts.contains(where: { $0.utf8.contains(0) }) else { return }
        throw ClusterError(
            .invalidConfiguration, "A command for \(node) has a NUL byte, which no program can be given.", node: node)
    }
}

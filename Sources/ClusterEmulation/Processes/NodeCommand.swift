/// What can be a command for a node, by whichever way it gets there.
enum NodeCommand {
    /// Refuses words that name no program.
    static func requireProgram(_ words: [String], for node: String) throws {
        if words.first?.isEmpty == false { return }
        throw ClusterError(
            .invalidConfiguration, "There is no program to run on \(node): the list is empty.", node: node)
    }

    /// Refuses texts of which one has a NUL byte.
    static func refuseNUL(in texts: [String], for node: String) throws {
        guard texts.contains(where: { $0.utf8.contains(0) }) else { return }
        throw ClusterError(
            .invalidConfiguration, "A command for \(node) has a NUL byte, which no program can be given.", node: node)
    }
}

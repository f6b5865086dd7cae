/// A script that a batch system is to run. The system keeps a copy of it, and names the job by its file.
struct JobScript {
    private let text: String
    /// The name of its file.
    let name: String
    private let arguments: [String]

    /// A script that is, or was, a file of this machine.
    init(_ text: String, at path: String, _ arguments: [String]) {
        self.text = text
        self.name = path.split(separator: "/").last.map(String.init) ?? "script"
        self.arguments = arguments
    }

    /// A script that is a text. Without a `#!` it is one for `sh`.
    init(_ text: String, _ arguments: [String]) {
        self.init(text.hasPrefix("#!") ? text : "#!/bin/sh\n" + text, at: "script", arguments)
    }

    /// Gives it to the program that submits jobs.
    ///
    /// - Parameters:
    ///   - words: The program and its options, which go before the script.
    ///   - node: The node on which it is submitted.
    ///   - user: Who submits it.
    ///   - folder: The folder in which it is submitted; nil is the user's home.
    /// - Returns: What the program said.
    /// - Throws: What `run` of the node throws.
    func submit(by words: [String], on node: Node, as user: User, in folder: String?) async throws -> CommandResult {
        let line = """
            cd \(folder.map(shellQuoted) ?? "") && place=$(mktemp -d) && trap 'rm -r "$place"' EXIT &&
            cat >"$place"/\(shellQuoted(name)) &&
            \(words.map(shellQuoted).joined(separator: " ")) "$place"/\(shellQuoted(name)) \(arguments.map(shellQuoted).joined(separator: " "))
            """
        return try await node.run(line, as: user, standardInput: text)
    }
}

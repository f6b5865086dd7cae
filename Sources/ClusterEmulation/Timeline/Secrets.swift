/// Words that were told in confidence, and are shown to nobody: passwords, tokens, the values of variables, what a program read.
package struct Secrets: Sendable, Hashable {
    /// Known in whatever is shown of the cluster.
    private(set) var words: Set<String> = []
    /// Known in what is shown of one command alone: lines of its standard input, which may be a program's text.
    private var lines: Set<String> = []
    /// Whether there was more than can be looked for.
    private(set) var areTooMany = false

    /// The most of a standard input that is looked for, in bytes.
    static let longestInput = 4096

    package init() {}

    /// Passwords and tokens.
    package init(words: some Sequence<String>) { self.words = Set(words.filter { !$0.isEmpty }) }

    /// What a command is told.
    package init(environment: [String: String], input: String) {
        add(environment.values)
        areTooMany = input.utf8.count > Self.longestInput
        if !areTooMany {
            lines = Set(input.split(whereSeparator: \.isNewline).map(String.init).filter { $0.utf8.count >= 4 })
        }
    }

    /// Adds values of variables. Short ones, numbers and paths are not secrets, and stand everywhere.
    mutating func add(_ values: some Sequence<String>) {
        words.formUnion(values.filter { $0.utf8.count >= 6 && !$0.hasPrefix("/") && Double($0) == nil })
    }

    /// Whether what has such a name is told in confidence: a service's `token`, but not its `address`.
    static func isSecret(name: String) -> Bool {
        let name = name.lowercased()
        return ["token", "password", "secret", "key", "credential"].contains { name.contains($0) }
    }

    /// Without what everybody may know: the names of nodes, say, which variables may have too.
    func without(_ known: some Sequence<String>) -> Secrets {
        var secrets = self
        secrets.words.subtract(known)
        return secrets
    }

    mutating func formUnion(_ others: Secrets) { words.formUnion(others.words) }

    var isEmpty: Bool { words.isEmpty && lines.isEmpty && !areTooMany }

    /// A text without them.
    package func masked(_ text: String) -> String {
        if areTooMany { return text.isEmpty ? "" : "(not kept: it may have what the command was given to read)" }
        // The longest first: one may be a part of another.
        return (Array(words) + Array(lines)).sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }.reduce(text) {
            $0.contains($1) ? $0.replacing($1, with: "•••") : $0
        }
    }
}

/// Something that was done with a cluster and took a while: a command on a node, a copy, a login, a test.
package struct Activity: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, Codable {
        case command, login, upload, download, forward
        /// A service was started and proved.
        case service
        /// A test ran, or whatever else the cluster was for.
        case test
    }

    package let number: Int
    package let kind: Kind
    package let node: String?
    package let user: User?
    /// The command's line, the paths of a copy, the name of a test.
    package let text: String
    /// Where a test stands: `Module/File.swift`.
    package let place: String
    /// How long after the beginning of the cluster's start it began.
    package let begin: Duration
    /// When it ended; nil while it goes on.
    package var end: Duration?
    package var exitCode: Int32?
    /// What it has failed of, where that is not an exit code.
    package var trouble: String?
    /// What a command printed last.
    package var output = ""
    package var complaint = ""
    /// What it was told in confidence, by variables and by its standard input. It may have printed that, and none of it is shown.
    var secrets = Secrets()

    /// Whether it has ended in another way than it should.
    package var failed: Bool { trouble != nil || (exitCode ?? 0) != 0 }

    /// The most that is kept of a line, and of what it printed, in bytes.
    static let longestText = 1024
    static let longestOutput = 2048
}

extension String {
    /// Its first bytes, if it is longer, with a mark that there is more.
    package func cut(to count: Int) -> String {
        utf8.count <= count ? self : String(decoding: utf8.prefix(count), as: UTF8.self) + " …"
    }

    /// Its last lines, of so many bytes together.
    package func tail(_ count: Int) -> String {
        guard utf8.count > count else { return self }
        let text = String(decoding: utf8.suffix(count), as: UTF8.self)
        // What is left of a line whose beginning is gone says little, unless it is all.
        return text.firstIndex(where: \.isNewline).map { "…" + text[$0...] } ?? "…" + text
    }
}

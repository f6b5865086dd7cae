/// Lines of a text whose bytes come in pieces.
package struct LineBuffer: Sendable {
    private var rest: [UInt8] = []

    package init() {}

    /// Takes a piece.
    ///
    /// - Returns: The lines that end in it, without their line feeds and the carriage returns in front of these.
    package mutating func add(_ bytes: some Sequence<UInt8>) -> [String] {
        rest += bytes
        var pieces = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        rest = Array(pieces.removeLast())
        return pieces.map { Self.line($0) }
    }

    /// Takes the end.
    ///
    /// - Returns: The last line, if it has no line feed.
    package mutating func end() -> String? {
        defer { rest = [] }
        return rest.isEmpty ? nil : Self.line(rest[...])
    }

    private static func line(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, as: UTF8.self)
    }
}

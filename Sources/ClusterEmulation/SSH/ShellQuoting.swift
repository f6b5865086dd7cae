/// Returns `word` so that a POSIX shell reads it back as that one word, whatever is in it.
package func shellQuoted(_ word: String) -> String {
    let harmless = word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "_-./:=@%+,".utf8.contains(byte)
        }
    }
    if harmless && !word.isEmpty { return word }
    return "'" + word.replacingSigns("'") { _ in #"'\''"# } + "'"
}

extension String {
    /// Returns it with something else in place of each of these signs.
    ///
    /// It goes by scalars, as programs do that read it: to Swift, a quote with a combining accent behind it is another character, and
    /// no quote.
    func replacingSigns(_ signs: String, _ replacement: (Unicode.Scalar) -> String) -> String {
        var result = String.UnicodeScalarView()
        for sign in unicodeScalars {
            if signs.unicodeScalars.contains(sign) {
                result.append(contentsOf: replacement(sign).unicodeScalars)
            } else {
                result.append(sign)
            }
        }
        return String(result)
    }
}

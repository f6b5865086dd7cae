/// What nobody can guess, written so that it needs no quotes anywhere.
enum RandomDigits {
    /// So many hexadecimal digits, lower case, each of four random bits.
    static func hexadecimal(_ count: Int) -> String {
        (0..<count).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
    }
}

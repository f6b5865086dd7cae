/// Bytes, written with a unit or without: `1048576`, `512m`, `2g`.
package enum Size {
    private static let units: [Character: Int] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30]

    /// - Returns: The number of bytes; nil if the text is not a size.
    package static func bytes(_ text: String) -> Int? {
        let text = text.lowercased()
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
            case let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1), !overflow
        else { return nil }
        return bytes
    }
}

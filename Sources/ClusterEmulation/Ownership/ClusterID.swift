/// What tells one cluster from every other, on this machine and any: ten hexadecimal digits, lower case.
///
/// It names the cluster's folder, network and containers. So wherever one is read, nothing else passes for it.
package struct ClusterID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package static let length = 10
    private static let folderPrefix = "cf-"

    package let description: String

    /// Reads an id; nil for any other text.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == Self.length, text.utf8.allSatisfy(Self.isDigit) else { return nil }
        description = String(text)
    }

    private init(digits: String) { description = digits }

    /// An id that no cluster has yet.
    package static func random() -> ClusterID {
        ClusterID(digits: RandomDigits.hexadecimal(length))
    }

    /// The id in the name of a cluster's folder, `cf-ID`.
    package init?(folderName name: some StringProtocol) {
        guard name.hasPrefix(Self.folderPrefix) else { return nil }
        self.init(name.dropFirst(Self.folderPrefix.count))
    }

    /// The name of the cluster's folder, and of its network.
    package var folderName: String { Self.folderPrefix + description }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

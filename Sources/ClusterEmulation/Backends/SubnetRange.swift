import Foundation

/// A range of IPv4 addresses out of which clusters take their subnets.
package struct SubnetRange: Sendable, Hashable, CustomStringConvertible {
    package let base: UInt32
    /// The length of the prefix.
    package let bits: Int

    /// 198.18.0.0/15, which RFC 2544 sets aside for testing networks.
    package static let standard = SubnetRange(base: 198 << 24 | 18 << 16, bits: 15)

    /// The variable that names another range for clusters whose configuration names none.
    package static let variable = "CLUSTER_FIXTURE_SUBNETS"

    private init(base: UInt32, bits: Int) {
        self.base = base
        self.bits = bits
    }

    /// Reads a range such as `10.77.0.0/16`.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`, if it is none, or has addresses that no network can have.
    package init(_ text: String) throws {
        let printable = "\"\(ClusterConfiguration.printable(text))\""
        guard let (address, bits) = Self.parts(of: text) else {
            throw Self.invalid("\(printable) is not a range of IPv4 addresses, such as 10.77.0.0/16.")
        }
        let range = SubnetRange(base: address & Self.mask(bits), bits: bits)
        guard range.base == address else {
            throw Self.invalid("\(printable) does not begin with its first address: write \(range).")
        }
        guard bits >= 8 else { throw Self.invalid("The range \(range) is too large: a prefix has at least 8 bits.") }
        for other in Self.impossible where range.overlaps(other) {
            throw Self.invalid("The range \(range) can't be used: \(other) is for other purposes.")
        }
        guard Self.local.contains(where: { $0.bits <= bits && $0.overlaps(range) }) else {
            throw Self.invalid(
                "The range \(range) can't be used: other machines have its addresses, and this one would not reach them any more. Take one of \(Self.local.map(\.description).joined(separator: ", "))."
            )
        }
        self = range
    }

    /// The range that a configuration asks for, or this process's environment, or the standard one.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`, if it can't be used, or has no room for the nodes.
    package static func chosen(for configuration: ClusterConfiguration) throws -> SubnetRange {
        let range: SubnetRange
        if let named = configuration.subnets {
            range = try SubnetRange(named)
        } else if let named = ProcessInfo.processInfo.environment[variable], !named.isEmpty {
            do { range = try SubnetRange(named) } catch let error as ClusterError {
                throw ClusterError(error.code, "\(variable) can't be used. \(error.message)")
            }
        } else {
            range = .standard
        }
        let (nodes, needed) = (configuration.size, Subnet.bits(nodes: configuration.size))
        guard range.bits <= needed else {
            throw invalid(
                "The range \(range) is too small: a cluster of \(nodes == 1 ? "one node" : "\(nodes) nodes") takes a /\(needed) of it."
            )
        }
        return range
    }

    /// "This network", the loopback, and what is for groups of machines or for nobody (RFC 6890).
    private static let impossible = [
        SubnetRange(base: 0, bits: 8), SubnetRange(base: 127 << 24, bits: 8), SubnetRange(base: 224 << 24, bits: 3),
    ]

    /// What nobody has on the internet: for private networks (RFC 1918), between a provider and its customers (RFC 6598), for tests
    /// (RFC 2544) and for documentation (RFC 5737).
    private static let local: [SubnetRange] = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "192.0.2.0/24",
        "198.51.100.0/24", "203.0.113.0/24",
    ].compactMap { parts(of: $0).map { SubnetRange(base: $0.address, bits: $0.bits) } }

    /// An address and the length of a prefix, each in the one form that all programs take alike.
    static func parts(of text: String) -> (address: UInt32, bits: Int)? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bits = number(parts[1]), bits <= 32 else { return nil }
        let bytes = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(number)
        guard bytes.count == 4, bytes.allSatisfy({ $0.map { $0 < 256 } ?? false }) else { return nil }
        return (bytes.reduce(0) { $0 << 8 | UInt32($1 ?? 0) }, bits)
    }

    private static func number(_ digits: Substring) -> Int? { Int(digits).flatMap { "\($0)" == digits ? $0 : nil } }

    static func mask(_ bits: Int) -> UInt32 { bits == 0 ? 0 : ~0 << UInt32(32 - bits) }

    private func overlaps(_ other: SubnetRange) -> Bool {
        let common = Self.mask(min(bits, other.bits))
        return base & common == other.base & common
    }

    /// The range as `198.18.0.0/15`.
    package var description: String { "\(Subnet.text(base))/\(bits)" }

    private static func invalid(_ message: String) -> ClusterError { ClusterError(.invalidConfiguration, message) }
}

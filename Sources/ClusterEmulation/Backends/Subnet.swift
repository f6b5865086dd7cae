/// A range of IPv4 addresses for one cluster, out of 198.18.0.0/15, which RFC 2544 sets aside for testing networks.
package struct Subnet: Sendable, Hashable, CustomStringConvertible {
    private static let range: (base: UInt32, bits: Int) = (198 << 24 | 18 << 16, 15)

    private let base: UInt32
    /// The length of the prefix.
    package let bits: Int

    /// One of the subnets that are large enough, at random: processes that choose at the same time rarely meet.
    package static func random(nodes: Int) -> Subnet {
        // Besides the nodes: the first addresses, and the broadcast address.
        var bits = 24
        while (1 << (32 - bits)) < Int(firstNode) + nodes + 1 { bits -= 1 }
        let count = UInt32(1) << UInt32(bits - range.bits)
        return Subnet(base: range.base | UInt32.random(in: 0..<count) << UInt32(32 - bits), bits: bits)
    }

    /// Addresses up to 10 are the network's own: node1 has 11, node2 has 12.
    private static let firstNode: UInt32 = 11

    /// The addresses of the nodes.
    package func addresses(_ nodes: Int) -> [String] {
        (0..<UInt32(nodes)).map { Self.text(base + Self.firstNode + $0) }
    }

    /// This machine's address in the network, if it has one.
    package var gateway: UInt32 { base + 1 }

    package var gatewayText: String { Self.text(gateway) }

    /// Where slirp4netns(1) answers: its second and third address.
    package var outsideGateway: UInt32 { base + 2 }
    package var outsideNameServer: String { Self.text(base + 3) }

    /// Whether an address range has an address in common with this one.
    package func overlaps(_ range: (address: UInt32, mask: UInt32)) -> Bool {
        let common = range.mask & (~0 << UInt32(32 - bits))
        return base & common == range.address & common
    }

    /// Whether an address range is this one, and not one that leads somewhere with many others.
    package func isSame(as range: (address: UInt32, mask: UInt32)) -> Bool {
        range.address == base && range.mask == ~0 << UInt32(32 - bits)
    }

    /// The range as `198.18.7.0/24`.
    package var description: String { "\(Self.text(base))/\(bits)" }

    private static func text(_ address: UInt32) -> String {
        [24, 16, 8, 0].map { String(address >> UInt32($0) & 255) }.joined(separator: ".")
    }
}

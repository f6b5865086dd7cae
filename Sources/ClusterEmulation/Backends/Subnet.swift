/// A range of IPv4 addresses for one cluster.
package struct Subnet: Sendable, Hashable, CustomStringConvertible {
    private let base: UInt32
    /// The length of the prefix.
    package let bits: Int

    /// One of the subnets of a range that are large enough, at random: processes that choose at the same time rarely meet.
    package static func random(nodes: Int, in range: SubnetRange = .standard) -> Subnet {
        let all = all(nodes: nodes, in: range)
        return all[all.index(all.startIndex, offsetBy: .random(in: 0..<all.count))]
    }

    /// The subnets of a range that are large enough.
    static func all(nodes: Int, in range: SubnetRange) -> some RandomAccessCollection<Subnet> {
        let bits = max(bits(nodes: nodes), range.bits)
        return (UInt32(0)..<UInt32(1) << UInt32(bits - range.bits)).lazy.map {
            Subnet(base: range.base | $0 << UInt32(32 - bits), bits: bits)
        }
    }

    /// The length of the prefix of a subnet for so many nodes: 24 at most.
    static func bits(nodes: Int) -> Int {
        // Besides the nodes: the first addresses, and the broadcast address.
        var bits = 24
        while (1 << (32 - bits)) < Int(firstNode) + nodes + 1 { bits -= 1 }
        return bits
    }

    /// Addresses up to 10 are the network's own: node1 has 11, node2 has 12.
    static let firstNode: UInt32 = 11

    /// The addresses of the nodes.
    package func addresses(_ nodes: Int) -> [String] {
        (0..<UInt32(nodes)).map { Self.text(base + Self.firstNode + $0) }
    }

    /// The range beside this one, for a second network of the cluster's, which nobody else is in.
    package var sibling: Subnet { Subnet(base: base ^ 1 << UInt32(32 - bits), bits: bits) }

    /// The half of it behind the nodes' addresses, as `198.18.7.128/25`.
    package var upperHalf: String { "\(Self.text(base | 1 << UInt32(31 - bits)))/\(bits + 1)" }

    /// This machine's address in the network, if it has one.
    package var gateway: UInt32 { base + 1 }

    package var gatewayText: String { Self.text(gateway) }

    /// The way to all other networks: where slirp4netns(1) answers, or, without it, the cluster itself, which refuses.
    package var router: UInt32 { base + 2 }
    /// Where slirp4netns(1) answers questions for names.
    package var outsideNameServer: String { Self.text(base + 3) }

    /// Whether an address range has an address in common with this one.
    package func overlaps(_ range: (address: UInt32, mask: UInt32)) -> Bool {
        let common = range.mask & SubnetRange.mask(bits)
        return base & common == range.address & common
    }

    /// Whether an address range is this one, and not one that leads somewhere with many others.
    package func isSame(as range: (address: UInt32, mask: UInt32)) -> Bool {
        range.address == base && range.mask == ~0 << UInt32(32 - bits)
    }

    /// The range as `198.18.7.0/24`.
    package var description: String { "\(Self.text(base))/\(bits)" }

    static func text(_ address: UInt32) -> String {
        [24, 16, 8, 0].map { String(address >> UInt32($0) & 255) }.joined(separator: ".")
    }
}

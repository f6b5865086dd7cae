import Testing

@testable import ClusterEmulation

/// The addresses of a Swarm's network: the nodes' in its lower half, the Swarm's own in its upper half.
@Suite struct SwarmSubnetTests {
    @Test(arguments: [1, 116, 117, 244, 245, 1000])
    func noNodeIsInTheUpperHalf(nodes: Int) throws {
        let subnet = Subnet.random(nodes: SwarmBackend.room(for: nodes))
        let upper = try SubnetRange(subnet.upperHalf)
        #expect(upper.bits == subnet.bits + 1)
        func number(_ address: String) -> UInt32 {
            address.split(separator: ".").compactMap { UInt32($0) }.reduce(0) { $0 << 8 | $1 }
        }
        #expect(subnet.addresses(nodes).allSatisfy { number($0) < upper.base })
    }
}

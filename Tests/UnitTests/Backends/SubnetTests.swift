import ClusterEmulation
import Testing

@Suite struct SubnetTests {
    @Test(arguments: [(1, 24), (244, 24), (245, 23), (1000, 22)])
    func theNodesFitWithGatewayAndBroadcast(nodes: Int, bits: Int) {
        let subnet = Subnet.random(nodes: nodes)
        #expect(subnet.description.hasSuffix("/\(bits)"))
        let addresses = subnet.addresses(nodes)
        #expect(Set(addresses).count == nodes)
        #expect(addresses.allSatisfy { $0.hasPrefix("198.18.") || $0.hasPrefix("198.19.") })
        #expect(!addresses.contains { $0 == subnet.description.split(separator: "/")[0] })
    }

    @Test func aRouteToEverywhereIsNotTheNetworksOwn() throws {
        let subnet = Subnet.random(nodes: 3)
        let own = subnet.gateway & ~0xff
        #expect(subnet.isSame(as: (own, 0xffff_ff00)))
        for (address, mask) in [
            (own, 0xffff_fff0), (own & 0xffff_0000, 0xffff_0000), (0x8000_0000, 0x8000_0000), (0, 0),
        ]
            as [(UInt32, UInt32)]
        {
            #expect(!subnet.isSame(as: (address, mask)))
        }
    }

    @Test func choicesDiffer() {
        #expect(Set((0..<100).map { _ in Subnet.random(nodes: 3) }).count > 50)
    }
}

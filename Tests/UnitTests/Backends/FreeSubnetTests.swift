import Testing

@testable import ClusterEmulation

/// Subnets are chosen where no route of this machine leads.
@Suite struct FreeSubnetTests {
    /// 198.18.0.0/16 and a default route, as the kernel writes them on a little-endian machine.
    private static let text = """
        Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
        eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
        vpn0\t000012C6\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0

        """

    @Test func aTakenRangeIsLeftAlone() throws {
        let routes = Subnet.routes(in: Self.text)
        #expect(routes.count == 1)
        for _ in 0..<200 {
            let subnet = try Subnet.free(nodes: 3, besides: routes)
            #expect(subnet.description.hasPrefix("198.19."))
        }
    }

    @Test func whereAllIsTakenItIsSaid() throws {
        let all = Subnet.routes(
            in: Self.text.replacing(
                "000012C6\t00000000\t0001\t0\t0\t0\t0000FFFF", with: "000012C6\t00000000\t0001\t0\t0\t0\t0000FEFF"))
        let error = try #require(throws: ClusterError.self) { try Subnet.free(nodes: 3, besides: all) }
        #expect(error.description.contains("No subnet of 198.18.0.0/15 is free"))
        #expect(error.remedy == "Stop other clusters.")
    }
}

import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// Subnets are chosen where they are in nothing's way.
@Suite struct FreeSubnetTests {
    /// A default route and another one, as the kernel writes them on a little-endian machine.
    private static func table(_ route: String) -> [MachineNetworks.Network] {
        let parts = route.split(separator: "/")
        let address = parts[0].split(separator: ".").compactMap { UInt8($0) }.reversed()
        let bits = UInt32(parts[1]) ?? 0
        let mask = bits == 0 ? 0 : (~UInt32(0) << (32 - bits)).byteSwapped
        let hexadecimal = address.map { String(format: "%02X", $0) }.joined()
        return MachineNetworks.routes(
            in: """
                Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
                eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
                vpn0\t\(hexadecimal)\t00000000\t0001\t0\t0\t0\t\(String(format: "%08X", mask))\t0\t0\t0

                """)
    }

    @Test func aTakenRangeIsLeftAlone() throws {
        let routes = Self.table("198.18.0.0/16")
        #expect(routes.count == 1)
        for _ in 0..<200 {
            let networks = MachineNetworks(routes: routes, connected: [])
            let subnet = try Subnet.free(nodes: 3, in: .standard, besides: networks)
            #expect(subnet.description.hasPrefix("198.19."))
        }
    }

    /// 0.0.0.0/1 and 128.0.0.0/1 is how a VPN takes everything without touching the default route.
    @Test(arguments: ["0.0.0.0/1", "128.0.0.0/1", "192.0.0.0/3", "198.0.0.0/8", "198.16.0.0/14"])
    func aRouteThatLeadsToMoreThanTheRangeIsNoCollision(route: String) throws {
        let networks = MachineNetworks(routes: Self.table(route), connected: [])
        #expect(try Subnet.free(nodes: 3, in: .standard, besides: networks).description.hasPrefix("198.1"))
    }

    @Test func anInterfacesOwnNetworkIsACollisionHoweverLargeItIs() throws {
        let large = MachineNetworks(routes: Self.table("10.0.0.0/8"), connected: Self.table("10.0.0.0/8"))
        let range = try SubnetRange("10.77.0.0/16")
        #expect(throws: ClusterError.self) { try Subnet.free(nodes: 3, in: range, besides: large) }
        let routed = MachineNetworks(routes: Self.table("10.0.0.0/8"), connected: [])
        #expect(try Subnet.free(nodes: 3, in: range, besides: routed).description.hasPrefix("10.77."))
    }

    @Test(arguments: ["198.18.0.0/15", "198.18.0.0/16", "198.18.7.9/32"])
    func aRouteToTheRangeOrToAPartOfItIsACollision(route: String) throws {
        let networks = MachineNetworks(routes: Self.table(route), connected: [])
        let taken = Subnet.all(nodes: 1, in: .standard).filter { networks.collisions(with: $0, of: .standard) > 0 }
        #expect(taken.count == (route.hasSuffix("/15") ? 512 : route.hasSuffix("/16") ? 256 : 1))
    }

    @Test func theLastFreeOneIsFound() throws {
        let all = Array(Subnet.all(nodes: 3, in: .standard))
        let last = try #require(all.randomElement())
        let others = all.filter { $0 != last }.flatMap { Self.table($0.description) }
        let networks = MachineNetworks(routes: others, connected: [])
        #expect(try Subnet.free(nodes: 3, in: .standard, besides: networks) == last)
    }

    @Test func whereAllIsTakenItIsSaid() throws {
        let all = MachineNetworks(routes: Self.table("198.18.0.0/15"), connected: [])
        let error = try #require(throws: ClusterError.self) { try Subnet.free(nodes: 3, in: .standard, besides: all) }
        #expect(error.description.contains("No subnet of 198.18.0.0/15 is free"))
        #expect(error.remedy.contains("Stop other clusters") && error.remedy.contains("CLUSTER_FIXTURE_SUBNETS"))
    }

    @Test func thisMachinesLoopbackIsAmongItsNetworks() {
        #expect(MachineNetworks.current.connected.contains { $0 == (127 << 24, 0xff00_0000) })
    }
}

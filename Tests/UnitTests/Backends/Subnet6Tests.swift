import ClusterEmulation
import FixtureTestSupport
import Testing

@Suite struct Subnet6Tests {
    /// In the form in which programs print addresses, whatever digits the id has.
    @Test(arguments: [
        ("123456789a", "fd12:3456:789a::/64", "fd12:3456:789a::11"), ("0000000000", "fd00::/64", "fd00::11"),
        ("0000010000", "fd00:1::/64", "fd00:1::11"), ("0a00000bcd", "fd0a:0:bcd::/64", "fd0a:0:bcd::11"),
    ])
    func anIdIsAPrefix(id: String, prefix: String, first: String) throws {
        let subnet = try Subnet6(#require(ClusterID(id)))
        #expect("\(subnet)" == prefix)
        let addresses = subnet.addresses(ClusterConfiguration.maximumNodes)
        #expect(addresses.first == first)
        #expect(addresses.last?.hasSuffix(":1010") == true)
        #expect(Set(addresses).count == ClusterConfiguration.maximumNodes)
    }
}

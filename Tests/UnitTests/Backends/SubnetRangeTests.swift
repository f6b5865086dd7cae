import ClusterEmulation
import FixtureTestSupport
import Testing

/// Ranges that clusters' subnets are taken from, as people name them.
@Suite struct SubnetRangeTests {
    @Test(arguments: [
        "10.77.0.0/16", "198.18.0.0/15", "192.168.77.0/24", "172.16.0.0/12", "100.64.0.0/10", "203.0.113.0/24",
    ])
    func whatCanBeANetworkIsTaken(text: String) throws {
        let plan = try ClusterPlan(ClusterConfiguration(nodes: 200, subnets: text))
        #expect("\(plan.subnets)" == text)
        for _ in 0..<20 {
            let subnet = Subnet.random(nodes: 200, in: plan.subnets)
            #expect(subnet.description.hasSuffix("/24"))
            #expect(subnet.addresses(1)[0].hasPrefix(text.prefix { $0 != "." }))
        }
    }

    @Test(arguments: [
        ("", "not a range"), ("10.77.0.0", "not a range"), ("10.77.0.0/33", "not a range"),
        ("10.77.0/16", "not a range"),
        ("10.77.0.256/16", "not a range"), ("010.77.0.0/16", "not a range"), ("10.77.0.0/ 16", "not a range"),
        ("fd00::/8", "not a range"), ("10.77.0.0/16,10.78.0.0/16", "not a range"),
        ("10.77.1.0/16", "write 10.77.0.0/16"),
        ("8.8.8.0/24", "other machines have its addresses"), ("172.0.0.0/8", "other machines have its addresses"),
        ("169.254.0.0/16", "other machines have its addresses"), ("64.0.0.0/2", "too large"),
        ("127.0.0.0/16", "127.0.0.0/8"), ("0.0.0.0/8", "0.0.0.0/8"),
        ("224.0.0.0/8", "224.0.0.0/3"), ("10.77.7.0/25", "too small: a cluster of one node takes a /24 of it"),
    ])
    func whatCanNotIsRefusedWithTheReason(text: String, reason: String) throws {
        let error = try #require(throws: ClusterError.self) { try ClusterPlan(ClusterConfiguration(subnets: text)) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains(reason), "\(error.message)")
    }

    @Test func aRangeThatIsTooSmallForTheNodesIsRefused() throws {
        let configuration = ClusterConfiguration(nodes: 300, subnets: "10.77.7.0/24")
        let error = try #require(throws: ClusterError.self) { try ClusterPlan(configuration) }
        #expect(error.message.contains("too small: a cluster of 300 nodes takes a /23 of it"))
    }
}

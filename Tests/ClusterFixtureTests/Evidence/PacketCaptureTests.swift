import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// What nodes send and get is recorded where that is asked for, on every backend.
@Suite(.requiresBackend, .timeLimit(.minutes(10))) struct PacketCaptureTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func aNodesPacketsOutliveItAndGoOnWithIt(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice, configure: { $0.packets = true }) { cluster in
            let (first, second) = (cluster[0], cluster[1])
            try await first.run("ping -c 3 -i 0.2 -p 6265666f7265 node2", as: .root).requireSuccess()
            try await second.kill()
            let lost = try await packets(of: second, in: cluster)
            #expect(lost.filter { $0.contains("ICMP echo request") }.count == 3)
            #expect(lost.contains { $0.contains("\(second.ip) > \(first.ip): ICMP echo reply") })

            try await second.start()
            try await second.run("ping -c 2 -i 0.2 node1", as: .root).requireSuccess()
            let whole = try await packets(of: second, in: cluster)
            #expect(whole.filter { $0.contains("\(second.ip) > \(first.ip): ICMP echo request") }.count == 2)
            #expect(whole.filter { $0.contains("ICMP echo request") }.count == 5)
        }
    }

    /// What `tcpdump -r` reads in the evidence's file of a node: the other node's, since this machine may have none.
    private func packets(of node: Node, in cluster: Cluster) async throws -> [String] {
        try await withTemporaryFolder { folder in
            try await cluster.evidence(of: "a test").write(to: OwnFolder(folder))
            let file = "\(folder)/\(node.name).pcap"
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            try await cluster[0].upload(from: file, to: "/root/read.pcap", as: .root)
            return try await cluster[0].run("tcpdump -n -r /root/read.pcap icmp", as: .root).requireSuccess().lines
        }
    }

    @Test func brokenRecordsAreReadUpToTheirLastWholePacket() throws {
        func packet(_ seconds: UInt32, _ length: UInt32, have count: Int? = nil) -> Data {
            let head = [seconds, 0, length, length].map(\.littleEndian).withUnsafeBytes { Data($0) }
            return head + Data(repeating: UInt8(seconds), count: count ?? Int(length))
        }
        let head = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262144, 276].map { UInt32($0) }.withUnsafeBytes { Data($0) }
        let folder = NSTemporaryDirectory() + "/cft-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try (head + packet(5, 3)).write(to: URL(fileURLWithPath: folder + "/node1.9.1"))
        try (head + packet(1, 2) + packet(2, 100, have: 7)).write(to: URL(fileURLWithPath: folder + "/node1.9.0"))
        try Data("no record".utf8).write(to: URL(fileURLWithPath: folder + "/node1.8.0"))
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/node1.7.0", withDestinationPath: folder + "/node1.9.0")
        mkfifo(folder + "/node1.6.0", 0o600)
        #expect(PacketFile(of: "node1", in: folder).data == head + packet(1, 2) + packet(5, 3))
        #expect(PacketFile(of: "node10", in: folder).data == nil)
    }
}

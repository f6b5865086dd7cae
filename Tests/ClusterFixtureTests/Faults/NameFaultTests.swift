import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Nodes that don't find others, or find the wrong ones, on each backend.
@Suite(.requiresBackend, .serialized, ConformanceClusters(), .timeLimit(.minutes(10)))
struct NameFaultTests {
    private static let lookUp = """
        import socket, sys
        try: print(socket.getaddrinfo(sys.argv[1], 22, socket.AF_INET)[0][4][0])
        except socket.gaierror as error: print(error.errno == socket.EAI_NONAME and "no such name" or error)
        """

    private func address(of name: String, on node: Node) async throws -> String {
        try await node.run(["python3", "-c", Self.lookUp, name]).requireSuccess().lines.first ?? ""
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aMissingNameIsMissingUnderAllItsNamesAndOnThatNodeAlone(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let node = cluster[0]
        let before = try await node.run("cat /etc/hosts /etc/resolv.conf").standardOutput
        try await node.names.under(.missing("node2")) {
            try await node.names.missing("NODE2")
            #expect(try await address(of: "node2", on: node) == "no such name")
            #expect(try await address(of: cluster[1].fqdn, on: node) == "no such name")
            #expect(try await node.run("getent hosts node2").exitCode == 2)
            #expect(try await address(of: "node3", on: node) == cluster[2].ip)
            #expect(try await address(of: "node1", on: node) == cluster[0].ip)
            #expect(try await address(of: "localhost", on: node) == "127.0.0.1")
            #expect(try await node.run("getent hosts \(cluster[2].ip)").standardOutput.contains("node3"))
            #expect(try await address(of: "node2", on: cluster[2]) == cluster[1].ip)
            let ssh = try await node.run("ssh node2 hostname")
            #expect(ssh.exitCode == 255 && ssh.standardError.contains("Could not resolve hostname"))
            #expect(try await node.run("ssh node3 hostname").standardOutput == "node3\n")
        }
        #expect(try await address(of: "node2", on: node) == cluster[1].ip)
        #expect(try await node.run("cat /etc/hosts /etc/resolv.conf").standardOutput == before)
        #expect(try await node.run("ss -Hlun 'sport = :53' | grep 127.0.0.153").standardOutput == "")
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aWrongNameLeadsElsewhere(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let node = cluster[0]
        try await node.names.under(.wrong("node2", cluster[2].ip)) {
            #expect(try await address(of: "node2", on: node) == cluster[2].ip)
            // The host key of another machine is not node2's.
            #expect(try await node.run("ssh node2 hostname").exitCode == 255)
            // Names outside of the cluster too, and the later address counts.
            try await node.names.wrong("example.com", "192.0.2.7")
            try await node.names.wrong("Example.com", "192.0.2.8")
            #expect(try await address(of: "example.com", on: node) == "192.0.2.8")
        }
        #expect(try await address(of: "node2", on: node) == cluster[1].ip)
        #expect(try await address(of: "example.com", on: node) == "192.0.2.8")
        try await node.names.heal()
        try await node.names.heal()
        #expect(try await node.run("ssh node2 hostname").standardOutput == "node2\n")
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func slowNamesComeInTheEndOrTooLate(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let node = cluster[0]
        let hasty = "RES_OPTIONS='timeout:3 attempts:1' getent ahostsv4 node2"
        try await node.names.under(.slow(.seconds(10))) {
            #expect(try await node.run(hasty).exitCode == 2)
            try await node.names.slow(by: .milliseconds(50))
            #expect(try await node.run(hasty).standardOutput.contains(cluster[1].ip))
        }
        #expect(try await node.run(hasty).standardOutput.contains(cluster[1].ip))
    }
}

import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Nodes whose disk is full or can't be written.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct DiskFaultTests {
    #if os(Linux)
    @Test(.requiresNamespaces) func aFullDiskTakesNoMore() async throws {
        try await withCluster(nodes: 2, backend: .namespaces) { cluster in
            let node = cluster[0]
            try await node.run("echo kept > kept").requireSuccess()
            try await node.disk.filled(leaving: 1 << 20) {
                let full = try await node.run("head -c 8000000 /dev/zero > large")
                #expect(full.exitCode != 0 && full.standardError.contains("No space left on device"), "\(full)")
                try await node.run("rm large && cat kept && head -c 500000 /dev/zero > small").requireSuccess()
                // The other node has room, and so has this one's memory.
                try await cluster[1].run("head -c 8000000 /dev/zero > large").requireSuccess()
                try await node.disk.fill(leaving: 0)
                #expect(try await node.run("head -c 100000 /dev/zero > more").exitCode != 0)
            }
            try await node.run("head -c 8000000 /dev/zero > large; cat kept").requireSuccess()
            try await node.disk.heal()
        }
    }

    @Test(.requiresNamespaces) func aReadOnlyDiskCanBeReadAlone() async throws {
        try await withCluster(nodes: 1, backend: .namespaces) { cluster in
            let node = cluster[0]
            try await node.run("echo kept > kept").requireSuccess()
            try await node.disk.readOnly {
                try await node.disk.makeReadOnly()
                for place in ["/home/ubuntu/new", "/tmp/new", "/home/ubuntu/kept"] {
                    let refused = try await node.run("echo new >> \(place)")
                    #expect(
                        refused.exitCode == 1 && refused.standardError.contains("Read-only file system"), "\(refused)")
                }
                #expect(try await node.run("cat kept").standardOutput == "kept\n")
                let words = ["-F", cluster.sshConfigurationFile, "ubuntu@node1", "hostname"]
                #expect(try await Command("ssh", words).output().standardOutput == "node1\n")
            }
            try await node.run("echo new > /tmp/new && echo new > new").requireSuccess()
        }
    }

    @Test(.requiresNamespaces) func aDiskThatIsWrittenToSaysByWhom() async throws {
        try await withCluster(nodes: 1, backend: .namespaces) { cluster in
            let node = cluster[0]
            for place in ["/tmp/open", "/home/ubuntu/open"] {
                let line = "nohup sleep 1000 > \(place) 2> /dev/null < /dev/null & echo $!"
                let process = try await node.run(line).requireSuccess().lines.first ?? ""
                let error = try await #require(throws: ClusterError.self) { try await node.disk.makeReadOnly() }
                #expect(
                    error.code == .faultFailed && error.message.contains("\(place) by process \(process)"), "\(error)")
                try await node.run("kill \(process); echo > /home/ubuntu/new; echo > /tmp/new").requireSuccess()
            }
        }
    }
    #endif

    @Test(.requiresDocker) func anEnginesDiskIsNotFilled() async throws {
        try await withCluster(nodes: 1, backend: .docker) { cluster in
            for fault in [Fault.diskFull("node1"), .diskReadOnly("node1")] {
                let error = try await #require(throws: ClusterError.self) { try await cluster.under(fault) {} }
                #expect(error.code == .backendUnavailable && error.message.contains("docker"), "\(error)")
            }
        }
    }
}

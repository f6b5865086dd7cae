import ClusterEmulation
import FixtureTestSupport
import Testing

/// Servers of Debian's packages, started as on any machine of Debian's, that find each other on the nodes' network.
///
/// One test after another: each starts a few servers, and two processors have enough to do with them.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(5))) struct ServersTests {}

extension ServersTests {
    /// Runs a closure with nodes that have all of the servers, none of which runs yet.
    static func withServers(
        nodes: Int, _ backend: BackendUnderTest, _ body: nonisolated(nonsending) (Cluster) async throws -> Void
    ) async throws {
        try await withCluster(nodes: nodes, image: .servers, backend: backend.choice, body)
    }
}

extension NodeImage {
    /// One image for all of these tests, so that it is made once.
    static let servers = NodeImage.node.adding(packages: [
        "borgbackup", "corosync", "curl", "etcd-client", "etcd-server", "iptables", "postgresql", "python3-pika",
        "rabbitmq-server", "redis-server", "redis-tools", "sshfs",
    ])
}

extension Node {
    /// Runs a shell line as root, which has to succeed, and says what it printed.
    @discardableResult
    func root(_ line: String) async throws -> String {
        try await run(line, as: .root, timeout: .seconds(90)).requireSuccess().standardOutput
    }

    /// Waits until a shell line of root's succeeds.
    func eventually(_ line: String) async throws -> Bool {
        try await FixtureTestSupport.eventually { try await run(line, as: .root, timeout: .seconds(30)).exitCode == 0 }
    }
}

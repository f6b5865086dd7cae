import ClusterEmulation
import FixtureTestSupport
import Testing

extension ServersTests {
    /// Programs that are one cluster as long as they see each other.
    @Suite struct MembershipTests {
        @Test(arguments: try await BackendUnderTest.usable())
        func rabbitmqHandsMessagesOn(backend: BackendUnderTest) async throws {
            try await ServersTests.withServers(nodes: 2, backend) { cluster in
                // Erlang's nodes know each other by a secret that they share.
                let start = """
                    set -e
                    cookie=/var/lib/rabbitmq/.erlang.cookie
                    install -o rabbitmq -g rabbitmq -m 600 /dev/stdin $cookie
                    service rabbitmq-server start
                    service rabbitmq-server status
                    """
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for node in cluster.nodes {
                        group.addTask {
                            try await node.run(start, as: .root, standardInput: "secret", timeout: .seconds(120))
                                .requireSuccess()
                        }
                    }
                    try await group.waitForAll()
                }
                try await cluster[1].root(
                    "set -e; rabbitmqctl stop_app; rabbitmqctl join_cluster rabbit@node1; rabbitmqctl start_app")
                let python = """
                    import pika, sys
                    channel = pika.BlockingConnection(pika.ConnectionParameters("localhost")).channel()
                    channel.queue_declare("words", durable=True)
                    """
                let publish = python + "\nchannel.basic_publish('', 'words', 'from node1')"
                let take = python + "\nprint(channel.basic_get('words', auto_ack=True)[2].decode())"
                try await cluster[0].run(["python3", "-c", publish], timeout: .seconds(60)).requireSuccess()
                let taken = try await cluster[1].run(["python3", "-c", take], timeout: .seconds(60))
                #expect(taken.standardOutput == "from node1\n", "\(taken)")
            }
        }

        /// Their words go by multicast.
        @Test(arguments: try await BackendUnderTest.usable())
        func corosyncCountsItsMembersAndMissesOne(backend: BackendUnderTest) async throws {
            try await ServersTests.withServers(nodes: 3, backend) { cluster in
                let members = cluster.nodes.enumerated().map { index, node in
                    "node {\n nodeid: \(index + 1)\n name: \(node.name)\n ring0_addr: \(node.name)\n}"
                }
                let configuration = """
                    totem {
                      version: 2
                      cluster_name: test
                      transport: udp
                      interface {
                        mcastaddr: 239.255.7.1
                        mcastport: 5405
                      }
                    }
                    nodelist {
                    \(members.joined(separator: "\n"))
                    }
                    quorum {
                      provider: corosync_votequorum
                    }

                    """
                let start = "cat >/etc/corosync/corosync.conf; service corosync start && service corosync status"
                for node in cluster.nodes {
                    try await node.run(start, as: .root, standardInput: configuration, timeout: .seconds(60))
                        .requireSuccess()
                }
                let joined = "corosync-cmapctl | grep -c 'runtime.members.*status.*joined'"
                for node in cluster.nodes {
                    #expect(try await eventually { try await node.run(joined, as: .root).standardOutput == "3\n" })
                    let quorum = try await node.root("corosync-quorumtool -l")
                    for other in cluster.nodes { #expect(quorum.contains(other.name), "\(quorum)") }
                }
                try await cluster[2].kill()
                for node in cluster.nodes.prefix(2) {
                    #expect(try await eventually { try await node.run(joined, as: .root).standardOutput == "2\n" })
                    // Two of three are enough.
                    #expect(try await node.root("corosync-quorumtool -s || :").contains(/Quorate: +Yes/))
                }
            }
        }
    }
}

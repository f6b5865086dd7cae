import ClusterEmulation
import FixtureTestSupport
import Testing

extension ServersTests {
    /// Stores of keys and values that are kept by several nodes.
    @Suite struct StoreTests {
        @Test(arguments: try await BackendUnderTest.usable())
        func redisSharesItsSlotsOut(backend: BackendUnderTest) async throws {
            try await ServersTests.withServers(nodes: 3, backend) { cluster in
                let settings = "bind 0.0.0.0\\nprotected-mode no\\ncluster-enabled yes\\n"
                for node in cluster.nodes {
                    try await node.root("printf '\(settings)' >>/etc/redis/redis.conf; service redis-server start")
                }
                for node in cluster.nodes { #expect(try await node.eventually("redis-cli ping")) }
                let members = cluster.nodes.map { "\($0.ip):6379" }.joined(separator: " ")
                let made = try await cluster[0].root("redis-cli --cluster create \(members) --cluster-yes")
                #expect(made.contains("[OK] All 16384 slots covered."), "\(made)")
                for node in cluster.nodes {
                    #expect(try await node.eventually("redis-cli cluster info | grep -q cluster_state:ok"))
                }
                // -c follows to the node that has the key.
                try await cluster[0].root("for n in $(seq 30); do redis-cli -c set key$n $n; done")
                let read = "for n in $(seq 30); do redis-cli -c -h node3 get key$n; done"
                #expect(try await cluster[1].root(read) == (1...30).map { "\($0)\n" }.joined())
                for node in cluster.nodes {
                    #expect(try await node.root("redis-cli dbsize") != "0\n", "\(node)")
                }
            }
        }

        @Test(arguments: try await BackendUnderTest.usable())
        func etcdOutlivesAMember(backend: BackendUnderTest) async throws {
            try await ServersTests.withServers(nodes: 3, backend) { cluster in
                let members = cluster.nodes.map { "\($0.name)=http://\($0.name):2380" }.joined(separator: ",")
                for node in cluster.nodes {
                    try await node.root(
                        """
                        cat >>/etc/default/etcd <<'EOF'
                        ETCD_INITIAL_CLUSTER=\(members)
                        ETCD_INITIAL_ADVERTISE_PEER_URLS=http://\(node.name):2380
                        ETCD_LISTEN_PEER_URLS=http://\(node.ip):2380
                        ETCD_LISTEN_CLIENT_URLS=http://0.0.0.0:2379
                        ETCD_ADVERTISE_CLIENT_URLS=http://\(node.name):2379
                        EOF
                        service etcd start
                        """)
                }
                #expect(try await cluster[0].eventually("etcdctl endpoint health --cluster"))
                #expect(try await cluster[0].root("etcdctl put color green") == "OK\n")
                #expect(try await cluster[2].root("etcdctl get color --print-value-only") == "green\n")
                try await cluster[1].kill()
                #expect(try await cluster[2].eventually("etcdctl put color blue"))
                #expect(try await cluster[0].root("etcdctl get color --print-value-only") == "blue\n")
            }
        }
    }
}

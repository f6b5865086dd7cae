import ClusterFixture

/// etcd on all nodes, as a service of one's own: what it is made of, its settings, how it is started, when it is ready.
struct Etcd: Service {
    let name = "etcd"

    func image(_ image: NodeImage) -> NodeImage { image.adding(packages: ["etcd-client", "etcd-server"]) }

    func plan(for layout: ClusterLayout) throws -> ServicePlan {
        let names = layout.nodes.map(\.name)
        let members = names.map { "\($0)=http://\($0):2380" }.joined(separator: ",")
        return ServicePlan(
            on: names,
            files: names.map { node in
                ServiceFile(
                    "/etc/default/etcd",
                    """
                    ETCD_NAME=\(node)
                    ETCD_DATA_DIR=/var/lib/etcd/default
                    ETCD_INITIAL_CLUSTER=\(members)
                    ETCD_INITIAL_ADVERTISE_PEER_URLS=http://\(node):2380
                    ETCD_LISTEN_PEER_URLS=http://0.0.0.0:2380
                    ETCD_LISTEN_CLIENT_URLS=http://0.0.0.0:2379
                    ETCD_ADVERTISE_CLIENT_URLS=http://\(node):2379
                    ETCD_HEARTBEAT_INTERVAL=50
                    ETCD_ELECTION_TIMEOUT=500

                    """, nodes: [node])
            },
            openPorts: [2379...2380])
    }

    func start(on nodes: ServiceNodes) async throws {
        try await nodes.onEach { node in try await nodes.run(["service", "etcd", "start"], on: node).requireSuccess() }
    }

    func prove(on nodes: ServiceNodes) async throws {
        try await nodes.onEach { node in
            try await nodes.run("until etcdctl endpoint health; do sleep 0.05; done", on: node).requireSuccess()
        }
    }
}

extension Node {
    /// Starts this node's member of etcd after the node was started again.
    func startEtcd() async throws { try await run("service etcd start", as: .root).requireSuccess() }

    /// Whether a value could be written by way of this node: etcd answers only when most members have it.
    func put(_ key: String, _ value: String) async throws -> Bool {
        try await run("etcdctl --command-timeout=2s put \(key) \(value)", timeout: .seconds(10)).exitCode == 0
    }

    /// The same where the node may be frozen, and not answer at all.
    func putIfReachable(_ key: String, _ value: String) async throws -> Bool {
        do { return try await put(key, value) } catch let error as ClusterError
            where [.timedOut, .connectionLost].contains(error.code)
        {
            return false
        }
    }

    /// The value of a key as most members know it, asked by way of this node; nil if they can't be asked.
    func get(_ key: String) async throws -> String? {
        let line = "etcdctl --command-timeout=2s get \(key) --print-value-only"
        let result = try await run(line, timeout: .seconds(10))
        return result.exitCode == 0 ? result.lines.first ?? "" : nil
    }

    /// The same, when they can be asked again.
    func getWhenPossible(_ key: String) async throws -> String {
        let line = "until etcdctl --command-timeout=1s get \(key) --print-value-only; do sleep 0.05; done"
        return try await run(line, timeout: .seconds(60)).requireSuccess().lines.first ?? ""
    }

    /// Waits until a value can be written by way of this node.
    func putWhenPossible(_ key: String, _ value: String) async throws {
        let line = "until etcdctl --command-timeout=1s put \(key) \(value); do sleep 0.05; done"
        try await run(line, timeout: .seconds(60)).requireSuccess()
    }
}

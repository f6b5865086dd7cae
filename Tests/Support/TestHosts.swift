#if os(Linux)
package import ClusterEmulation
import Foundation

/// Existing machines, for tests: the nodes of some namespaces clusters, which are called labs and end with this process.
package enum TestHosts {
    private static let labs = 12
    private static let started = Locked<Task<Lab, any Error>?>(nil)
    private static let place = Locked("")

    /// The pool's own file, once it is there.
    package static var file: String { place.withLock { $0 } }

    /// Some clusters whose nodes are given as machines.
    package struct Lab: Sendable {
        package let clusters: [Cluster]
    }

    /// Starts them, once.
    @discardableResult
    package static func start() async throws -> Lab {
        let task = started.withLock { task in
            let begun =
                task
                ?? Task {
                    var clusters: [Cluster] = []
                    for number in 1...labs {
                        clusters.append(
                            try await Cluster.start(
                                ClusterConfiguration(nodes: 3, backend: .namespaces, name: "lab\(number)"),
                                timeline: Timeline()))
                    }
                    let folder = (clusters[0].sshConfigurationFile as NSString).deletingLastPathComponent
                    try yaml(of: clusters, knownHosts: folder + "/pool_known").write(
                        toFile: folder + "/hosts.yaml", atomically: true, encoding: .utf8)
                    try knownHosts(of: clusters).write(
                        toFile: folder + "/pool_known", atomically: true, encoding: .utf8)
                    place.withLock { $0 = folder + "/hosts.yaml" }
                    return Lab(clusters: clusters)
                }
            task = begun
            return begun
        }
        return try await task.value
    }

    /// What the machines tell of those who hold them for a cluster.
    package static func leases(of cluster: String) async throws -> [String] {
        var leases: [String] = []
        for lab in try await start().clusters {
            for node in lab.nodes {
                let script = "cat /tmp/cluster-fixture.lease/* 2>/dev/null"
                let told = try await lab.handle.execute(["sh", "-c", script], on: node.name).lines
                leases += told.filter { $0.contains("cluster \(cluster),") }.map { "\(node.fqdn): \($0)" }
            }
        }
        return leases
    }

    /// The nodes of clusters as a file of hosts, `node1.lab1` first.
    package static func yaml(of clusters: [Cluster], knownHosts: String, root: Bool = true) throws -> String {
        let hosts = clusters.flatMap { cluster in
            cluster.nodes.map { node in
                let (address, port) = reached(node, of: cluster)
                let keys = [User.root, .ubuntu].map { "\"\(node.identityFile(for: $0))\"" }.joined(separator: ", ")
                return
                    "  - {name: \(node.name).\(cluster.name), address: \(address), port: \(port), identityFile: [\(keys)]}\n"
            }
        }
        return "user: ubuntu\nroot: \(root)\nknownHosts: \(knownHosts)\nhosts:\n" + hosts.joined()
    }

    /// Where a node is reached: by its own address, where this machine has a place in the network.
    package static func reached(_ node: Node, of cluster: Cluster) -> (address: String, port: Int) {
        cluster.hostIP == nil ? (node.host, node.port) : (node.ip, 22)
    }

    package static func knownHosts(of clusters: [Cluster]) throws -> String {
        try clusters.map { try String(contentsOfFile: $0.knownHostsFile, encoding: .utf8) }.joined()
    }
}
#endif

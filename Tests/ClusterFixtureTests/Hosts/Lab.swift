#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation

/// A cluster whose three nodes are given as existing machines, and may be broken by a test; and a folder for files.
struct Lab {
    let cluster: Cluster
    let folder: String

    static func with(_ body: (Lab) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            try await withCluster(nodes: 3, backend: .namespaces) { cluster in
                try await body(Lab(cluster: cluster, folder: folder))
            }
        }
    }

    /// A file in the folder, for clusters or as what they read.
    func file(_ name: String, _ text: String) throws -> String {
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// The nodes as a list of hosts.
    ///
    /// - Parameters:
    ///   - knownHosts: The known_hosts file; the cluster's own unless it is said.
    ///   - root: Whether root logs in.
    /// - Returns: The file.
    /// - Throws: If it can't be written.
    func hosts(knownHosts: String? = nil, root: Bool = true) throws -> String {
        try file(
            "hosts-\(UUID().uuidString).yaml",
            TestHosts.yaml(of: [cluster], knownHosts: knownHosts ?? cluster.knownHostsFile, root: root))
    }

    /// Runs a script on a node as its root, whatever is there of another cluster.
    @discardableResult
    func on(_ node: String, _ script: String) async throws -> [String] {
        let output = try await cluster.handle.execute(["sh", "-c", script], on: node)
        return output.lines
    }

    /// What clusters have left on the machines: folders, leases, and processes with a mark.
    func left() async throws -> [String] {
        let script = """
            ls -d /tmp/cf-* /tmp/cluster-fixture.lease 2>/dev/null
            grep -lsz LC_CLUSTER_FIXTURE= /proc/[0-9]*/environ; true
            """
        var left: [String] = []
        for node in cluster.nodes { left += try await on(node.name, script).map { "\(node.name): \($0)" } }
        return left
    }
}
#endif

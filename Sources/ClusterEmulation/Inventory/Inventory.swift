import Foundation

/// A value of texts, numbers and truths as JSON that people and programs can read.
package func jsonText(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Of such values it can't fail.
    return String(decoding: (try? encoder.encode(value)) ?? Data(), as: UTF8.self)
}

/// A cluster as programs in any language read it: who its nodes are, where they are, and what lets one in.
///
/// Every running cluster has one as `inventory.json` in its folder. Its JSON is stable: within a ``version`` keys are only
/// added, never removed or given another meaning.
public struct Inventory: Codable, Sendable, Hashable {
    /// The version of the format: 1.
    public let version: Int
    /// The cluster's name, for people.
    public let name: String
    /// What tells the cluster from every other: ten hexadecimal digits.
    public let id: String
    /// Where its nodes run: `docker` or `namespaces`.
    public let backend: String
    /// An OpenSSH client configuration with an entry for each node.
    public package(set) var sshConfig: String
    /// A known_hosts file with the nodes' host keys, under their names, ips and published ports.
    public package(set) var knownHosts: String
    /// The nodes, node1 first.
    public package(set) var nodes: [Node]

    /// One machine of the cluster.
    public struct Node: Codable, Sendable, Hashable {
        /// The host name: node1, node2 and so on.
        public let name: String
        /// What the node is there for, where the nodes of a cluster differ; else it is left out.
        public let role: String?
        /// Where this machine reaches the node's sshd: an address of its loopback.
        public package(set) var host: String
        /// The port of ``host`` that leads to the node's sshd.
        public package(set) var port: Int
        /// The address on the cluster's network.
        public let ip: String
        /// The host key: algorithm and base 64, as in a known_hosts file.
        public let hostKey: String
        /// The ports of ``host`` that lead to other ports of the node.
        public package(set) var publishedPorts: [PublishedPort]
        /// Who can log in: `ubuntu`, who is the one to be taken if nothing else is said, and `root`.
        public package(set) var users: [User]
    }

    /// A port of this machine that leads to a port of a node.
    public struct PublishedPort: Codable, Sendable, Hashable {
        /// The port in the node.
        public let nodePort: Int
        /// The port of this machine's loopback.
        public package(set) var port: Int
    }

    /// Who can log in, and with which key.
    public struct User: Codable, Sendable, Hashable {
        /// The user's name.
        public let name: String
        /// The private key's file.
        public package(set) var identityFile: String
    }
}

extension Cluster {
    /// The cluster as programs in any language read it.
    public var inventory: Inventory {
        Inventory(
            version: 1, name: name, id: id, backend: backendName, sshConfig: sshConfigurationFile,
            knownHosts: knownHostsFile,
            nodes: nodes.map { node in
                Inventory.Node(
                    name: node.name, role: node.provisioned.role, host: node.host, port: node.port, ip: node.ip,
                    hostKey: node.hostKey,
                    publishedPorts: node.publishedPorts.sorted { $0.key < $1.key }.map {
                        Inventory.PublishedPort(nodePort: $0.key, port: $0.value)
                    },
                    users: [User.ubuntu, .root].map {
                        Inventory.User(name: "\($0)", identityFile: node.identityFile(for: $0))
                    })
            })
    }
}

extension Inventory {
    /// The inventory's place in a cluster's folder.
    package static func file(in folder: String) -> String { "\(folder)/\(file)" }

    private static let file = "inventory.json"

    /// The cluster's folder, which has all of its files.
    package var workspace: Workspace { Workspace(folder: (sshConfig as NSString).deletingLastPathComponent) }

    /// The inventory as JSON.
    public var json: String { jsonText(self) + "\n" }

    /// Reads the inventory in the folder of a cluster that was found.
    ///
    /// - Throws: ``ClusterError`` if it is another cluster's, or if what it leads to, the ssh_config above all, is not in
    ///   this folder or could be somebody else's.
    package init(in folder: OwnFolder, of cluster: ClusterSummary) throws {
        self = try JSONDecoder().decode(Inventory.self, from: folder.read(Self.file))
        guard id == "\(cluster.id)", name == cluster.name else {
            throw folder.failure(Self.file, "it is not the inventory of cluster \(cluster.name)")
        }
        for path in [sshConfig, knownHosts] {
            let (place, name) = ((path as NSString).deletingLastPathComponent, (path as NSString).lastPathComponent)
            guard try OwnFolder(place).isSame(as: folder) else {
                throw folder.failure(Self.file, "it names \(path), which is not in this folder")
            }
            _ = try folder.read(name)
        }
    }
}

extension ProvisionedNode {
    /// A node as an inventory has it.
    package init(_ node: Inventory.Node) {
        self.init(
            name: node.name, role: node.role, host: node.host, port: node.port, ip: node.ip, hostKey: node.hostKey,
            publishedPorts: Dictionary(node.publishedPorts.map { ($0.nodePort, $0.port) }) { first, _ in first })
    }
}

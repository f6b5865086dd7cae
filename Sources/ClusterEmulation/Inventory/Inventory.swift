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
    /// Where its nodes run: `docker`, `namespaces`, `swarm` or `hosts`.
    public let backend: String
    /// An OpenSSH client configuration with an entry for each node.
    public package(set) var sshConfig: String
    /// A known_hosts file with the nodes' host keys, under their names, ips and published ports.
    public package(set) var knownHosts: String
    /// This machine's address in the cluster's network. Where it has none it is left out, and the nodes' ``Node/ip`` can't be reached
    /// from here.
    public let hostIP: String?
    /// The nodes, in the order of their roles and numbers: node1 first, or login1.
    public package(set) var nodes: [Node]
    /// What runs on the nodes besides sshd.
    public package(set) var services: [Service]

    /// One machine of the cluster.
    public struct Node: Codable, Sendable, Hashable {
        /// The host name: node1, node2 and so on.
        public let name: String
        /// The name with the cluster's domain.
        public let fqdn: String
        /// What the node is there for, where the nodes of a cluster differ; else it is left out.
        public let role: String?
        /// Where this machine reaches the node's sshd: an address of its loopback; with a Swarm, the address of the node's machine; the node's
        /// own, if it was there before.
        public package(set) var host: String
        /// The port of ``host`` that leads to the node's sshd.
        public package(set) var port: Int
        /// The address on the cluster's network.
        public let ip: String
        /// The IPv6 address on the cluster's network, if the nodes have such addresses; else it is left out.
        public let ipv6: String?
        /// The address in the cluster's second network, if its site has one; else it is left out.
        public let secondIP: String?
        /// The name of the node by way of which it is reached, if its site has it so; else it is left out. ``host`` and ``port`` are then its
        /// own address and port, as that node reaches it.
        public package(set) var proxyJump: String?
        /// The ed25519 host key: algorithm and base 64, as in a known_hosts file.
        public let hostKey: String
        /// All host keys.
        public let hostKeys: [String]
        /// The ports of ``host`` that lead to other ports of the node.
        public package(set) var publishedPorts: [PublishedPort]
        /// The folder that the cluster has on a machine which was there before it; left out where the cluster has made the node.
        public let folder: String?
        /// The users who can log in; the first is the default: `ubuntu` and `root`. On a machine that was there
        /// before, its own login user, and `root` where that one can log in.
        public package(set) var users: [User]
    }

    /// Something that runs on nodes besides sshd.
    public struct Service: Codable, Sendable, Hashable {
        /// Its name.
        public let name: String
        /// The names of the nodes that it runs on.
        public let nodes: [String]
        /// Where it is reached.
        public package(set) var endpoints: [Endpoint]
        /// The files on its nodes in which it logs what it does; left out by a cluster of an older version.
        public let logs: [String]?
    }

    /// Where a service is reached.
    public struct Endpoint: Codable, Sendable, Hashable {
        /// What it is called, where the service has several.
        public let name: String
        /// The name of the node.
        public let node: String
        /// The port in the node.
        public let nodePort: Int
        /// Its address where this machine reaches it, with a token if one is needed.
        public package(set) var url: String
    }

    /// A port where this machine reaches a node, which leads to a port of the node.
    public struct PublishedPort: Codable, Sendable, Hashable {
        /// The port in the node.
        public let nodePort: Int
        /// The port of 127.0.0.1; with a Swarm, of the node's machine.
        public package(set) var port: Int
        /// What comes to it: `tcp` or `udp`.
        public let transport: ClusterEmulation.PublishedPort.Transport
    }

    /// Who can log in, and with which key.
    public struct User: Codable, Sendable, Hashable {
        /// The user's name.
        public let name: String
        /// The private key's file.
        public package(set) var identityFile: String
        /// The password, if the cluster's ``ClusterConfiguration/passwordLogins`` asks for any; else it is left out.
        public package(set) var password: String?
    }
}

extension Cluster {
    /// The cluster as programs in any language read it.
    public var inventory: Inventory {
        Inventory(
            version: 1, name: name, id: id, backend: backendName, sshConfig: sshConfigurationFile,
            knownHosts: knownHostsFile, hostIP: hostIP,
            nodes: nodes.map { node in
                Inventory.Node(
                    name: node.name, fqdn: node.fqdn, role: node.provisioned.role, host: node.host, port: node.port,
                    ip: node.ip, ipv6: node.ipv6, secondIP: node.secondIP, proxyJump: node.proxyJump,
                    hostKey: node.hostKey, hostKeys: node.hostKeys,
                    publishedPorts: node.provisioned.publishedPorts.map {
                        Inventory.PublishedPort(nodePort: $0.nodePort, port: $0.hostPort, transport: $0.transport)
                    },
                    folder: node.provisioned.existing?.folder,
                    users: node.provisioned.logins.map { user, name in
                        Inventory.User(
                            name: name, identityFile: node.identityFile(for: user), password: node.password(for: user))
                    })
            },
            // Whoever reads it has asked for no service that records packets.
            services: services.filter { !($0.service is PacketCapture) }.map { planned in
                Inventory.Service(
                    name: planned.service.name, nodes: planned.plan.nodes,
                    endpoints: planned.plan.endpoints.map { endpoint in
                        let node = self[endpoint.node]
                        let port = node.publishedPorts[endpoint.port] ?? endpoint.port
                        return Inventory.Endpoint(
                            name: endpoint.name, node: node.name, nodePort: endpoint.port,
                            url: endpoint.address(node.provisioned.host, port))
                    }, logs: planned.plan.logs)
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

extension Inventory {
    /// Those of the nodes that are reached by way of another, with that one's name.
    var jumps: [String: String] {
        Dictionary(uniqueKeysWithValues: nodes.compactMap { node in node.proxyJump.map { (node.name, $0) } })
    }
}

extension ProvisionedNode {
    /// A node as an inventory has it.
    package init(_ node: Inventory.Node) {
        self.init(
            name: node.name, fqdn: node.fqdn, role: node.role, host: node.host, port: node.port, ip: node.ip,
            ipv6: node.ipv6, secondIP: node.secondIP, hostKeys: node.hostKeys,
            publishedPorts: node.publishedPorts.map { Publication($0.nodePort, at: $0.port, $0.transport) },
            existing: node.folder.map { folder in
                HostPlace(
                    folder: folder, login: node.users.first?.name ?? "",
                    hasRoot: node.users.contains { $0.name == "\(User.root)" },
                    identityFile: node.users.first?.identityFile ?? "")
            })
    }
}

// Keys that were added within a version are not in the inventories of clusters that an earlier release has started.

extension Inventory {
    /// Reads an inventory.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        version = try values.decode(Int.self, forKey: .version)
        name = try values.decode(String.self, forKey: .name)
        id = try values.decode(String.self, forKey: .id)
        backend = try values.decode(String.self, forKey: .backend)
        sshConfig = try values.decode(String.self, forKey: .sshConfig)
        knownHosts = try values.decode(String.self, forKey: .knownHosts)
        hostIP = try values.decodeIfPresent(String.self, forKey: .hostIP)
        nodes = try values.decode([Node].self, forKey: .nodes)
        services = try values.decodeIfPresent([Service].self, forKey: .services) ?? []
    }

    /// The names of the nodes' roles, in the order of the nodes; none where all are alike.
    package var roles: [String] {
        var seen = Set<String>()
        return nodes.compactMap(\.role).filter { seen.insert($0).inserted }
    }
}

extension Inventory.Node {
    /// Reads a node.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        fqdn = try values.decodeIfPresent(String.self, forKey: .fqdn) ?? name
        role = try values.decodeIfPresent(String.self, forKey: .role)
        host = try values.decode(String.self, forKey: .host)
        port = try values.decode(Int.self, forKey: .port)
        ip = try values.decode(String.self, forKey: .ip)
        ipv6 = try values.decodeIfPresent(String.self, forKey: .ipv6)
        secondIP = try values.decodeIfPresent(String.self, forKey: .secondIP)
        proxyJump = try values.decodeIfPresent(String.self, forKey: .proxyJump)
        hostKey = try values.decode(String.self, forKey: .hostKey)
        hostKeys = try values.decodeIfPresent([String].self, forKey: .hostKeys) ?? [hostKey]
        publishedPorts = try values.decode([Inventory.PublishedPort].self, forKey: .publishedPorts)
        folder = try values.decodeIfPresent(String.self, forKey: .folder)
        users = try values.decode([Inventory.User].self, forKey: .users)
    }
}

extension Inventory.PublishedPort {
    /// Reads a port.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        nodePort = try values.decode(Int.self, forKey: .nodePort)
        port = try values.decode(Int.self, forKey: .port)
        transport =
            try values.decodeIfPresent(ClusterEmulation.PublishedPort.Transport.self, forKey: .transport) ?? .tcp
    }
}

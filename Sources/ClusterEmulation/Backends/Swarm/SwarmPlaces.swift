import Foundation

/// Which machine each node of a cluster is on, and where that machine's engine is. The cluster's folder keeps it.
struct SwarmPlaces: Sendable, Codable {
    /// A machine, and the way to its engine.
    struct Place: Sendable, Codable, Hashable {
        let id: String
        let name: String
        let host: String?
        let context: String?
        let nodes: [String]
    }

    private let places: [Place]
    /// By which registry the machines get images; nil if these are carried to them.
    let registry: String?

    private static let file = "swarm.json"

    /// - Parameters:
    ///   - machines: The machine of each node, in the nodes' order.
    ///   - nodes: The nodes' names.
    ///   - engines: The machines' engines, by the Swarm's names for the machines.
    ///   - registry: By which registry the machines get images.
    init(
        _ machines: [SwarmMachine], of nodes: [String], engines: [String: DockerEngine], registry: String? = nil
    ) {
        self.registry = registry
        let grouped = Dictionary(grouping: zip(machines, nodes), by: \.0)
        places = grouped.sorted { $0.key.name < $1.key.name }.map { machine, pairs in
            let engine = engines[machine.id]
            return Place(
                id: machine.id, name: machine.name, host: engine?.host, context: engine?.context, nodes: pairs.map(\.1))
        }
    }

    init(in folder: OwnFolder) throws {
        self = try JSONDecoder().decode(Self.self, from: folder.read(Self.file))
    }

    func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try OwnFolder(folder).write(String(decoding: try encoder.encode(self), as: UTF8.self), to: Self.file)
    }

    /// The Swarm's names for the machines.
    var machines: [String] { places.map(\.id) }

    subscript(_ node: String) -> Place? { places.first { $0.nodes.contains(node) } }

    /// What each machine has of a cluster, with the nodes that are on it.
    func parts(of cluster: SwarmCluster) -> [(nodes: [String], cluster: DockerCluster)] {
        places.map { ($0.nodes, $0.part(of: cluster)) }
    }

    func part(of node: String, _ cluster: SwarmCluster) -> DockerCluster? { self[node]?.part(of: cluster) }
}

extension SwarmPlaces.Place {
    /// All nodes are known to every part: each knows what is to be where on the network.
    fileprivate func part(of cluster: SwarmCluster) -> DockerCluster {
        let engine = DockerEngine(
            command: cluster.swarm.manager.command, host: host, context: context, machine: name,
            patience: cluster.swarm.manager.patience)
        return DockerCluster(engine: engine, summary: cluster.summary, known: (cluster.nodes, nil))
    }
}

/// Which machine becomes which node: for as many nodes as can have one at the same time.
struct HostChoice {
    private let nodes: [Wanted]
    private let hosts: [PoolHost]
    /// The roles that machines are there for. Where no machine has a role, any may be a node of it.
    private let roles: Set<String>
    /// Whose each of the machines is, as far as it is somebody's.
    private var owners: [Int?]
    private var isPlaced: [Bool]

    /// What is to be known of a node.
    struct Wanted {
        let name: String
        let role: String?

        init(_ name: String, _ role: String? = nil) { (self.name, self.role) = (name, role) }
    }

    /// Chooses. A node gets the machine of its own name, if there is one and another node needs not have it; the rest are taken in the
    /// file's order.
    ///
    /// - Parameters:
    ///   - nodes: The nodes.
    ///   - hosts: The machines that may be taken.
    ///   - pool: All machines of the file.
    ///   - kept: Machines, by the nodes' names, that are among those to be used whatever becomes of them.
    /// - Returns: The machines, by the nodes' names; fewer than nodes if there can't be more.
    static func choose(
        for nodes: [Wanted], from hosts: [PoolHost], of pool: HostPool, keeping kept: [String: PoolHost] = [:]
    ) -> [String: PoolHost] {
        var choice = HostChoice(nodes, hosts, pool, kept)
        choice.placeByName()
        choice.placeRest()
        return choice.owners.indices.reduce(into: [:]) { chosen, host in
            if let node = choice.owners[host] { chosen[nodes[node].name] = hosts[host] }
        }
    }

    /// How many of the machines may be a node of a role.
    static func count(for role: String, in pool: HostPool) -> Int {
        let count = pool.hosts.count { $0.roles.contains(role) }
        return count == 0 ? pool.hosts.count : count
    }

    private init(_ nodes: [Wanted], _ hosts: [PoolHost], _ pool: HostPool, _ kept: [String: PoolHost]) {
        (self.nodes, self.hosts) = (nodes, hosts)
        roles = pool.hosts.reduce(into: []) { $0.formUnion($1.roles) }
        owners = Array(repeating: nil, count: hosts.count)
        isPlaced = Array(repeating: false, count: nodes.count)
        if kept.isEmpty { return }
        let places = Dictionary(hosts.indices.map { (hosts[$0].name, $0) }) { first, _ in first }
        for node in nodes.indices {
            if let name = kept[nodes[node].name]?.name, let host = places[name] { give(host, to: node) }
        }
    }

    private mutating func give(_ host: Int, to node: Int) {
        owners[host] = node
        isPlaced[node] = true
    }

    private func isFit(_ host: Int, for role: String?) -> Bool {
        guard let role, roles.contains(role) else { return true }
        return hosts[host].roles.contains(role)
    }

    private func isOfOneName(_ host: Int, _ node: Int) -> Bool {
        hosts[host].name == nodes[node].name || hosts[host].shortName == nodes[node].name
    }

    private mutating func placeByName() {
        var places: [String: [Int]] = [:]
        for host in hosts.indices {
            for name in Set([hosts[host].name, hosts[host].shortName]) { places[name, default: []].append(host) }
        }
        for node in nodes.indices where !isPlaced[node] {
            let host = places[nodes[node].name]?.first { owners[$0] == nil && isFit($0, for: nodes[node].role) }
            if let host { give(host, to: node) }
        }
    }

    /// What has a machine of its own name is moved only where there is no other way.
    private mutating func placeRest() {
        for mayMoveAll in [false, true] {
            for node in nodes.indices where !isPlaced[node] {
                var asked: Set<String?> = []
                isPlaced[node] = place(node, mayMoveAll, &asked)
            }
        }
    }

    /// Finds a machine for a node: a free one, or another node's that can have another itself, and so on (an augmenting path). Nodes of one role
    /// may have the same machines: one of each is asked.
    private mutating func place(_ node: Int, _ mayMoveAll: Bool, _ asked: inout Set<String?>) -> Bool {
        let role = nodes[node].role
        guard asked.insert(role).inserted else { return false }
        let fit = hosts.indices.filter { isFit($0, for: role) }
        if let free = fit.first(where: { owners[$0] == nil }) {
            owners[free] = node
            return true
        }
        for host in fit {
            guard let other = owners[host], mayMoveAll || !isOfOneName(host, other), place(other, mayMoveAll, &asked)
            else { continue }
            owners[host] = node
            return true
        }
        return false
    }
}

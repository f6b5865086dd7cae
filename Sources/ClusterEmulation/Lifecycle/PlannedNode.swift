/// One node of a plan: what it is to have, where the nodes of a cluster differ too.
package struct PlannedNode: Sendable, Hashable {
    package let name: String
    package let role: String?
    /// What it is made of, with what its services need.
    package let image: NodeImage
    package let limits: NodeLimits
    package let environment: [String: String]
    /// Its published ports besides 22, those of its services among them.
    package let ports: [PublishedPort]
    /// What its services have put on it.
    package let files: [ServiceFile]

    /// Plans the nodes of a cluster with their services.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`.
    static func all(
        _ configuration: ClusterConfiguration, _ services: [PlannedService]
    ) throws -> [PlannedNode] {
        let roles = configuration.roles.isEmpty ? [NodeRole?.none] : configuration.roles.map(Optional.some)
        // Among a thousand nodes, a list takes its time to be looked through.
        let places = services.map { Set($0.plan.nodes) }
        return try roles.flatMap { role in
            try (role?.nodeNames ?? NodeRole("node", configuration.nodes).nodeNames).map { name in
                let own = zip(services, places).filter { $1.contains(name) }.map(\.0)
                let image = own.reduce(role?.image ?? configuration.image) { $1.service.image($0) }
                try image.validate()
                return PlannedNode(
                    name: name, role: role?.name, image: image, limits: role?.limits ?? configuration.limits,
                    environment: configuration.environment.merging(role?.environment ?? [:]) { $1 },
                    ports: try ports(of: name, role, configuration, services),
                    files: zip(services, places).flatMap { planned, nodes in
                        planned.plan.files.filter { $0.nodes?.contains(name) ?? nodes.contains(name) }
                    })
            }
        }
    }

    /// What a role says of a port goes before what the cluster says, and either before what a service only needs.
    private static func ports(
        of node: String, _ role: NodeRole?, _ configuration: ClusterConfiguration, _ services: [PlannedService]
    ) throws -> [PublishedPort] {
        let roles = role?.ports ?? []
        var ports = configuration.ports.filter { port in !roles.contains { $0.key == port.key } } + roles
        var users: [Int: String] = [:]
        for planned in services {
            for port in Set(planned.plan.endpoints.filter { $0.node == node }.map(\.port)).sorted() {
                if let other = users.updateValue(planned.service.name, forKey: port) {
                    throw PlannedService.invalid(
                        "Port \(port) of \(node) can't be of both services \(other) and \(planned.service.name).")
                }
                guard port != 22 else {
                    throw PlannedService.invalid("Port 22 of \(node) is sshd's, not service \(planned.service.name)'s.")
                }
                if !ports.contains(where: { $0.key == PublishedPort(port).key }) { ports.append(PublishedPort(port)) }
            }
        }
        try configuration.validate(ports, of: role?.count ?? configuration.nodes)
        return ports
    }
}

extension Site {
    /// Refuses what no cluster can be.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`.
    func validate(_ configuration: ClusterConfiguration) throws {
        for port in (loginPorts ?? []).union(firewall ?? []).sorted() where !(1...65535).contains(port) {
            throw ClusterError(.invalidConfiguration, "\(port) is not a port: ports are 1 to 65535.")
        }
        if let secondInterface {
            let letters = secondInterface.utf8
            // As the kernel takes them, with a name that can be part of a host's.
            guard (1...15).contains(letters.count), ClusterConfiguration.isValidName(secondInterface),
                !["lo", "eth0"].contains(secondInterface)
            else {
                throw ClusterError(
                    .invalidConfiguration,
                    "A second network interface can't be called \"\(ClusterConfiguration.printable(secondInterface))\": 1 to 15 lower-case letters, digits and hyphens, such as ib0."
                )
            }
        }
        if noWayOut, configuration.outside {
            throw ClusterError(
                .invalidConfiguration,
                "Nodes can't reach what this machine reaches (`outside`) at a site without a way out.",
                remedy: "Leave out one of them.")
        }
        if computeBehindLogin || loginPorts != nil {
            guard configuration.roles.contains(where: { $0.name == NodeRole.loginName }), configuration.roles.count > 1
            else {
                throw ClusterError(
                    .invalidConfiguration, "The site needs a login node and compute nodes.",
                    remedy:
                        "Give the cluster roles in the place of a number of nodes: `roles: [.login, .compute(3)]`, or `--role login --role compute=3`."
                )
            }
        }
    }

    /// Those of the nodes that are reached by way of another, with that one's name.
    func jumps(_ layout: ClusterLayout) -> [String: String] {
        guard computeBehindLogin else { return [:] }
        return Dictionary(uniqueKeysWithValues: compute(layout).map { ($0.name, layout.login.name) })
    }

    private func compute(_ layout: ClusterLayout) -> [ClusterLayout.Node] {
        layout.nodes.filter { $0.role != NodeRole.loginName }
    }

    /// What the site's network does, with room for what services need.
    func conditions(_ layout: ClusterLayout, _ services: [PlannedService]) -> NetworkConditions {
        typealias Place = NetworkConditions.Place
        var conditions = NetworkConditions()
        let all = Set(layout.nodes.map { Place.node($0.name) })
        if let firewall {
            for (needed, nodes) in needs(layout.nodes, services) {
                conditions.set(from: all, to: nodes, .init(opening: .ports(Self.ranges(firewall) + needed)))
            }
        }
        if let loginPorts {
            let ports = firewall.map { loginPorts.intersection($0) } ?? loginPorts
            let logins = layout.nodes.filter { $0.role == NodeRole.loginName }
            for (needed, nodes) in needs(logins, services) {
                let others = Set(compute(layout).map { Place.node($0.name) })
                conditions.set(from: others, to: nodes, .init(opening: .ports(Self.ranges(ports) + needed)))
            }
        }
        if computeBehindLogin {
            conditions.set(
                from: [.machine], to: Set(compute(layout).map { .node($0.name) }), .init(opening: .none))
        }
        if noWayOut { conditions.set(from: all, to: [.outside], .init(opening: .none)) }
        return conditions
    }

    /// The ports that services need, and the nodes on which they need these.
    private func needs(
        _ nodes: [ClusterLayout.Node], _ services: [PlannedService]
    ) -> [(ports: [ClosedRange<Int>], nodes: Set<NetworkConditions.Place>)] {
        Dictionary(grouping: nodes) { node in
            services.flatMap { planned in
                planned.plan.endpoints.filter { $0.node == node.name }.map { $0.port...$0.port }
                    + (planned.plan.nodes.contains(node.name) ? planned.plan.openPorts : [])
            }
        }.map { ($0.key, Set($0.value.map { .node($0.name) })) }.sorted { "\($0)" < "\($1)" }
    }

    private static func ranges(_ ports: Set<Int>) -> [ClosedRange<Int>] { ports.sorted().map { $0...$0 } }
}

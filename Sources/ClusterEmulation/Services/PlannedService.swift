/// A service and where it runs.
package struct PlannedService: Sendable {
    package let service: any Service
    package let plan: ServicePlan

    /// Plans the services of a cluster, and puts them in an order in which each comes after those that it depends on.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` for names and nodes that there can't be, and whatever a
    ///   service itself throws.
    static func all(_ services: [any Service], for layout: inout ClusterLayout) throws -> [PlannedService] {
        try checkNames(services)
        let ordered = try inOrder(services)
        layout.sharedFolders = ordered.compactMap { ($0 as? SharedFolder)?.path }
        return try ordered.map { service in
            let plan: ServicePlan
            do { plan = try service.plan(for: layout) } catch let error as ClusterError {
                throw ClusterError(
                    error.code, "Service \(service.name): \(error.message)", node: error.node, remedy: error.remedy)
            }
            try check(plan, of: service.name, in: layout)
            return PlannedService(service: service, plan: plan)
        }
    }

    private static func checkNames(_ services: [any Service]) throws {
        var names = Set<String>()
        for service in services {
            guard ClusterConfiguration.isValidName(service.name) else {
                throw invalid(
                    "The service name \"\(ClusterConfiguration.printable(service.name))\" is not 1 to 32 lower-case letters, digits and hyphens, a letter first."
                )
            }
            guard names.insert(service.name).inserted else {
                throw invalid("Two services are called \(service.name).")
            }
        }
        for service in services {
            if let other = service.conflicts.first(where: names.contains) {
                throw invalid(
                    "The services \(service.name) and \(other) can't be in one cluster: they bring the same programs.",
                    "Leave one of them out.")
            }
            for name in service.dependencies where !names.contains(name) {
                throw invalid(
                    "Service \(service.name) depends on \"\(ClusterConfiguration.printable(name))\", which is not among the cluster's services.",
                    "Add it, or leave \(service.name) out.")
            }
        }
    }

    /// Those first that depend on none, in the order in which they were named.
    private static func inOrder(_ services: [any Service]) throws -> [any Service] {
        var (ordered, left): ([any Service], [any Service]) = ([], services)
        while !left.isEmpty {
            let waiting = Set(left.map(\.name))
            guard let next = left.firstIndex(where: { waiting.isDisjoint(with: $0.dependencies) }) else {
                throw invalid(
                    "The services \(circle(in: left).joined(separator: " → ")) depend on each other in a circle.")
            }
            ordered.append(left.remove(at: next))
        }
        return ordered
    }

    /// Some services that each depend on the next, of which the last is the first. Each of those given depends on another.
    private static func circle(in services: [any Service]) -> [String] {
        var path: [String] = []
        var name = services[0].name
        while !path.contains(name) {
            path.append(name)
            let service = services.first { $0.name == name }
            name = service?.dependencies.first { name in services.contains { $0.name == name } } ?? name
        }
        return path.drop { $0 != name } + [name]
    }

    private static func check(_ plan: ServicePlan, of service: String, in layout: ClusterLayout) throws {
        guard !plan.nodes.isEmpty else { throw invalid("Service \(service) runs on no node.") }
        let known = Set(layout.nodes.map(\.name))
        for node in plan.nodes + plan.files.flatMap({ $0.nodes ?? [] }) + plan.endpoints.map(\.node)
        where !known.contains(node) {
            throw invalid(
                "Service \(service) is to run on \"\(ClusterConfiguration.printable(node))\", and there is no such node.",
                "There are \(layout.nodes.prefix(8).map(\.name).joined(separator: ", "))\(known.count > 8 ? " …" : "")."
            )
        }
        for file in plan.files { try file.validate(service) }
        for endpoint in plan.endpoints where !ClusterConfiguration.isValidName(endpoint.name) {
            throw invalid(
                "Service \(service) has an endpoint \"\(ClusterConfiguration.printable(endpoint.name))\": its name is to be 1 to 32 lower-case letters, digits and hyphens, a letter first."
            )
        }
        for endpoint in plan.endpoints where !(1...65535).contains(endpoint.port) {
            throw invalid("Service \(service) has the port \(endpoint.port): ports are 1 to 65535.")
        }
    }

    static func invalid(_ message: String, _ remedy: String = "") -> ClusterError {
        ClusterError(.invalidConfiguration, message, remedy: remedy)
    }
}

extension ServiceFile {
    fileprivate func validate(_ service: String) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.hasPrefix("/"), parts.count > 1,
            !parts.dropFirst().contains(where: { ["", ".", ".."].contains($0) }),
            !path.contains(where: \.isNewline), !path.utf8.contains(0)
        else {
            throw PlannedService.invalid(
                "Service \(service) has a file \"\(ClusterConfiguration.printable(path))\": write an absolute path.")
        }
        guard owner.wholeMatch(of: /[a-z_][a-z0-9_.\-]*/) != nil else {
            throw PlannedService.invalid(
                "Service \(service) has a file of \"\(ClusterConfiguration.printable(owner))\", which is not a user's name."
            )
        }
        guard mode & ~0o7777 == 0 else { throw PlannedService.invalid("\(path) can't have the mode \(mode).") }
    }
}

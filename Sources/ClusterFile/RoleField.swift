import ClusterEmulation

extension Field<NodeRole> {
    /// What a role is, as ``NodeRole`` has it.
    static var role: [Field] {
        [
            Field("name") { entry, role in
                let name = try entry.text()
                try entry.check { $0.roles = [NodeRole(name)] }
                role.name = name
            },
            Field("count") { entry, role in
                let count = try entry.integer()
                try entry.check { $0.roles = [NodeRole("any", count)] }
                role.count = count
            },
            Field("image") { entry, role in role.image = try entry.image() },
            Field("limits") { entry, role in
                var limits = NodeLimits.none
                try entry.read(Field<NodeLimits>.limits, into: &limits)
                role.limits = limits
            },
            Field("environment") { entry, role in role.environment = try entry.environment() },
            Field("ports") { entry, role in role.ports = try entry.list().map { try $0.port() } },
        ]
    }
}

extension Field<Site> {
    /// What a site has, as ``Site`` has it.
    static var site: [Field] {
        [
            Field("computeBehindLogin") { entry, site in site.computeBehindLogin = try entry.truth() },
            Field("loginPorts") { entry, site in site.loginPorts = try entry.ports() },
            Field("firewall") { entry, site in site.firewall = try entry.ports() },
            Field("submitsOnCompute") { entry, site in site.submitsOnCompute = try entry.truth() },
            Field("secondInterface") { entry, site in site.secondInterface = try entry.text() },
            Field("noWayOut") { entry, site in site.noWayOut = try entry.truth() },
        ]
    }
}

extension Entry {
    /// A role: the name of one with one node, or a mapping.
    func role() throws -> NodeRole {
        var role = NodeRole("")
        guard isMapping else {
            role.name = try text()
            try check { $0.roles = [role] }
            return role
        }
        try read(Field<NodeRole>.role, into: &role)
        guard !role.name.isEmpty else { throw refusal("\(name) has no name.") }
        return role
    }

    /// A site: the name of a preset, or a mapping.
    func site() throws -> Site {
        guard isMapping else {
            let name = try text()
            if let site = Site.named(name) { return site }
            throw refusal(
                "There is no site \"\(name)\": \(self.name) must be \(Site.names.joined(separator: ", ")), or a mapping."
            )
        }
        var site = Site.open
        try read(Field<Site>.site, into: &site)
        return site
    }

    private func range(_ entry: Entry) throws -> Int {
        let port = try entry.integer()
        guard (1...65535).contains(port) else { throw entry.refusal("\(port) is not a port: ports are 1 to 65535.") }
        return port
    }

    fileprivate func ports() throws -> Set<Int> { Set(try list().map(range)) }
}

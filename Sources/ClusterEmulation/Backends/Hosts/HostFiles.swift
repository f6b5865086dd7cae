import Foundation

/// A machine that is taken: how it is reached, and what holds it.
struct TakenHost: Sendable {
    let host: PoolHost
    let route: HostRoute
    /// Its name in the library's own configuration.
    let name: String
    let lease: HostLease
    let facts: HostLease.Facts
}

/// The files by which the machines of a cluster are reached.
struct HostFiles {
    private let workspace: Workspace
    private let cluster: ClusterID

    init(_ workspace: Workspace, cluster: ClusterID) { (self.workspace, self.cluster) = (workspace, cluster) }

    /// Nobody's key is taken unseen, whatever the user's configuration says.
    private func checks(_ knownHosts: String) -> [String] {
        [
            "UserKnownHostsFile \(SSHConfiguration.path(knownHosts))", "GlobalKnownHostsFile /dev/null",
            "StrictHostKeyChecking yes", "UpdateHostKeys no", "CheckHostIP no", "VerifyHostKeyDNS no",
        ]
    }

    /// Nobody is there to be asked, and a machine that is gone is to be noticed.
    private static let unattended = [
        "BatchMode yes", "LogLevel ERROR", "ConnectTimeout 20", "ServerAliveInterval 15", "ControlMaster no",
    ]

    // --- the library's own --------------------------------------------------------------------------------------------

    /// Writes how machines are reached that may be taken, under names of the library's.
    func write(_ routes: [(name: String, route: HostRoute)]) throws {
        let jumps = routes.flatMap(\.route.jumps).map { ($0.name, $0.route) }
        var (seen, blocks, keys): (Set<String>, [String], [String]) = ([], [], [])
        for (name, route) in routes.map({ ($0.name, $0.route) }) + jumps where seen.insert(name).inserted {
            blocks.append(route.block([name], jumpFile: workspace.hostsConfigurationFile))
            keys += route.keys.map { $0.line(route.knownAs) }
        }
        let common = HostPool.block("*", checks(workspace.hostsKnownHostsFile) + Self.unattended)
        let folder = try OwnFolder(workspace.folder)
        try folder.replace("hosts_known", with: keys.joined())
        try folder.replace("hosts_config", with: blocks.joined() + common)
    }

    /// The words of `ssh` for a machine, up to its name.
    static func ssh(_ workspace: Workspace, _ host: String, as login: String) -> [String] {
        ["-F", workspace.hostsConfigurationFile, "-T", "-o", "ControlPath=none", "-l", login, "--", host]
    }

    // --- the cluster's ------------------------------------------------------------------------------------------------

    /// Writes how the nodes are reached, by users and by the library.
    ///
    /// - Returns: The nodes, in the plan's order.
    func write(_ taken: [String: TakenHost], for plan: ClusterPlan) throws -> [ProvisionedNode] {
        let nodes = plan.nodes.compactMap { planned in taken[planned.name].map { ($0, Self.node(planned, $0)) } }
        let addresses = nodes.flatMap { Set([$0.1.host, $0.1.ip]) }
        func isOnly(_ address: String) -> Bool { addresses.count { $0 == address } == 1 }
        // Most systems' sshd takes a variable of this name: what is started by any client is found again.
        let mark = "SetEnv \(HostPlace.variable)=\(cluster)"
        let common = checks(workspace.knownHostsFile) + [mark, "SendEnv LANG LC_*"]
        var (text, keys) = ("", "")
        try Workspace.makeFolder(workspace.nodeConfigurationsFolder)
        for (taken, node) in nodes {
            let names = Self.unique([node.name, node.fqdn])
            let all = names + Self.unique([node.ip, node.host]).filter(isOnly) + ["\(node.host):\(node.port)"]
            let block = taken.route.block(all, jumpFile: workspace.hostsConfigurationFile)
            text += block + common.map { "  \($0)\n" }.joined() + "\n"
            let places =
                (node.port == 22 ? [node.ip, node.host] : [])
                + (names + [node.ip, node.host]).map { "[\($0)]:\(node.port)" }
            keys += taken.route.keys.map { $0.line(Self.unique(taken.route.knownAs + names + places)) }.joined()
            let socket = "ControlPath \(SSHConfiguration.path(workspace.socketFolder, "/%r@%n"))"
            let alone =
                taken.route.block([node.name], jumpFile: workspace.hostsConfigurationFile)
                + HostPool.block("*", common + [socket] + Self.unattended.dropLast())
            try Workspace.write(alone, to: "\(workspace.nodeConfigurationsFolder)/\(node.name)")
        }
        try Workspace.write(text, to: workspace.configurationFile)
        try Workspace.write(keys, to: workspace.knownHostsFile)
        return nodes.map(\.1)
    }

    private static func node(_ planned: PlannedNode, _ taken: TakenHost) -> ProvisionedNode {
        let route = taken.route
        let keys = route.keys.filter { $0.marker.isEmpty }.map(\.key)
        let first = route.identityFiles.first { FileManager.default.fileExists(atPath: $0) }
        return ProvisionedNode(
            name: planned.name, fqdn: taken.host.name, role: planned.role, host: route.hostName, port: route.port,
            ip: taken.facts.server ?? route.hostName,
            hostKeys: keys.filter { $0.hasPrefix("ssh-ed25519 ") } + keys.filter { !$0.hasPrefix("ssh-ed25519 ") },
            existing: HostPlace(
                folder: taken.facts.folder, login: route.user, hasRoot: taken.host.hasRoot, identityFile: first ?? ""))
    }

    private static func unique(_ words: [String]) -> [String] {
        words.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

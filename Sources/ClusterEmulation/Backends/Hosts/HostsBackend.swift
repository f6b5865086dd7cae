import CScripts
import Foundation

/// Existing machines, of a file of the user's: a cluster takes as many as it needs, and leaves them as they were.
package struct HostsBackend: Backend {
    static let identifier = "hosts"
    package let name = Self.identifier
    package let clusterType: any BackendCluster.Type = HostsCluster.self
    /// The file; nil if none is named.
    private let file: String?

    /// The variable that names a file.
    package static let variable = "CLUSTER_FIXTURE_HOSTS"

    /// - Parameter file: The file; nil is the one that ``variable`` names.
    package init(file: String? = nil) {
        let named = ProcessInfo.processInfo.environment[Self.variable] ?? ""
        self.file = file ?? (named.isEmpty ? nil : named)
    }

    package func checkSettings() throws { if file != nil { _ = try pool() } }

    package func availability() async -> Availability {
        do {
            let pool = try pool()
            let count = pool.hosts.count
            return .available("\(count == 1 ? "the machine" : "the \(count) machines") of \(pool.file)")
        } catch let error as ClusterError {
            return .unavailable(reason: error.message, remedy: error.remedy)
        } catch {
            return .unavailable(reason: "\(error)", remedy: "")
        }
    }

    func pool() throws -> HostPool {
        guard let file else {
            throw ClusterError(
                .backendUnavailable, "No file of hosts is named.",
                remedy: "Set \(Self.variable)=FILE: a list of hosts, an Ansible inventory or an ssh_config.")
        }
        return try HostPool.read(file)
    }

    package func lack(of need: ClusterNeed) async -> String? {
        switch need {
        case .root:
            let closed = (try? await hostsWithoutRoot()) ?? []
            return closed.first.map { "The existing machine \($0) lets nobody log in as root." }
        case .faults: return "Existing machines are never broken: faults are for machines that the cluster has made."
        case .ownMachines, .thisMachine: return "The nodes are existing machines, which stay as they are."
        }
    }

    /// The machines to which nobody logs in as root, in the file's order.
    private func hostsWithoutRoot() async throws -> [String] {
        let pool = try pool()
        var names: [String] = []
        for host in pool.hosts where !host.hasRoot {
            let output = try await Command("ssh", ["-F", "/dev/stdin", "-G", "--", host.name]).output(
                input: Array(pool.configuration.utf8))
            if !output.lines.contains("user root") { names.append(host.name) }
        }
        return names
    }

    package func check(_ plan: ClusterPlan) throws {
        let pool = try pool()
        try HostDemands(plan).refuse()
        guard pool.hosts.count >= plan.nodes.count else {
            throw ClusterError(
                .invalidConfiguration,
                "Cluster \(plan.name) needs \(plan.nodes.count) machines, and \(pool.file) has \(pool.hosts.count).",
                remedy: "Ask for fewer nodes, or add hosts.")
        }
        for role in Set(plan.nodes.compactMap(\.role)) {
            let (needed, fit) = (plan.nodes.count { $0.role == role }, HostChoice.count(for: role, in: pool))
            guard fit >= needed else {
                throw ClusterError(
                    .invalidConfiguration,
                    "Cluster \(plan.name) needs \(needed) machines of the role \(role), and \(pool.file) has \(fit).")
            }
        }
        let nodes = plan.nodes.map { HostChoice.Wanted($0.name, $0.role) }
        let chosen = HostChoice.choose(for: nodes, from: pool.hosts, of: pool)
        if let node = nodes.first(where: { chosen[$0.name] == nil }) {
            throw ClusterError(
                .invalidConfiguration,
                "Cluster \(plan.name) needs \(nodes.count) machines, and the roles in \(pool.file) leave none for \(node.name): a machine is one node, also where it has several roles.",
                remedy: "Ask for fewer nodes, add hosts, or give hosts more roles.")
        }
    }

    package func prepare(_ image: NodeImage, timeline: Timeline) async throws -> PreparedImage { PreparedImage([]) }

    package func provision(
        _ plan: ClusterPlan, credentials: Credentials, images: @escaping @Sendable () async throws -> PreparedImages
    ) async throws -> any BackendCluster {
        let summary = ClusterSummary(plan, backend: name)
        try HostsCluster.begin(plan)
        do {
            _ = try await images()
            let allocation = HostAllocation(plan, pool: try pool())
            let taken = try await allocation.take()
            do {
                let nodes = try HostFiles(plan.workspace, cluster: plan.id).write(taken, for: plan)
                return HostsCluster(
                    summary: summary, known: (nodes, Self.hostIP(taken)), leases: taken.mapValues(\.lease))
            } catch {
                throw UnfinishedCluster(
                    HostsCluster(summary: summary, known: ([], nil), leases: taken.mapValues(\.lease)), cause: error)
            }
        } catch let error as UnfinishedCluster {
            throw error
        } catch {
            throw UnfinishedCluster(HostsCluster(summary: summary), cause: error)
        }
    }

    /// This machine's address as the machines see it, if all see the same, and it is this machine's own.
    private static func hostIP(_ taken: [String: TakenHost]) -> String? {
        let seen = Set(taken.values.map { $0.route.isDirect ? $0.facts.client : nil })
        guard seen.count == 1, let address = seen.first ?? nil, MachineNetworks.isOwn(address) else { return nil }
        return address
    }

    package func clusters(includingRemains: Bool) async throws -> [any BackendCluster] {
        HostsCluster.workspaces.compactMap { workspace in
            guard let (_, mark) = workspace.opened, mark.backend == name,
                let clusterName = HostsCluster.name(in: workspace)
            else { return nil }
            let summary = ClusterSummary(
                id: mark.cluster, name: clusterName, backend: name, owner: mark.owner, workspace: workspace)
            return includingRemains || summary.inventory != nil ? HostsCluster(summary: summary) : nil
        }
    }

    package func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript? {
        ReapingScript(
            #"rm -f -- "$1""#, arguments: [HostsCluster.entry(cluster)], first: String(cString: hosts_reaping_script()))
    }
}

import CScripts
import Foundation

/// A cluster of existing machines, made by this process or found by its folder on this machine.
package struct HostsCluster: BackendCluster, ExistingNodes {
    package let summary: ClusterSummary
    private let known: (nodes: [ProvisionedNode], hostIP: String?)?
    /// What holds the machines, in the process that has taken them.
    private let leases: [String: HostLease]

    init(
        summary: ClusterSummary, known: (nodes: [ProvisionedNode], hostIP: String?)? = nil,
        leases: [String: HostLease] = [:]
    ) {
        (self.summary, self.known, self.leases) = (summary, known, leases)
    }

    package var nodes: [ProvisionedNode] { known?.nodes ?? summary.inventory?.nodes.map(ProvisionedNode.init) ?? [] }

    package var hostIP: String? { known.map(\.hostIP) ?? summary.inventory?.hostIP }

    private var workspace: Workspace { summary.workspace }

    // --- its record ---------------------------------------------------------------------------------------------------

    /// The file in a cluster's folder that has its name, as long as there is anything of it on a machine.
    private static let file = "taken"

    /// Where this user's clusters have a file each, with the place of their folder: whoever looks for them may have another place for temporary files.
    private static var register: String { UserFolders.cache + "/hosts" }

    /// A cluster's file there.
    static func entry(_ cluster: ClusterID) -> String { "\(register)/\(cluster)" }

    /// Notes that a cluster begins to take machines.
    static func begin(_ plan: ClusterPlan) throws {
        try OwnFolder.ensured(register).replace("\(plan.id)", with: plan.workspace.folder)
        try OwnFolder(plan.workspace.folder).write(plan.name, to: file)
    }

    /// The folders of this user's clusters that may have machines.
    static var workspaces: [Workspace] {
        guard let register = try? OwnFolder(register), let names = try? register.names() else { return [] }
        return names.filter { ClusterID($0) != nil }.compactMap { name in
            let path = (try? register.read(name)).map { String(decoding: $0, as: UTF8.self) }
            let workspace = path.map { Workspace(folder: $0) }
            if let workspace, workspace.cluster == ClusterID(name), workspace.opened != nil { return workspace }
            // Its cluster is gone: its maker died before it could say so.
            try? register.remove(name)
            return nil
        }
    }

    /// The name of the cluster in a folder; nil if it has no machines.
    static func name(in workspace: Workspace) -> String? {
        (try? workspace.opened?.folder.read(file)).flatMap { String(bytes: $0, encoding: .utf8) }
    }

    /// A machine that the cluster has taken: its name in the library's configuration, who cleans up there, the cluster's folder, and
    /// the node that it is.
    private struct Holding: Sendable {
        let host: String
        let login: String
        let folder: String
        let node: String
    }

    private var holdings: [Holding] {
        guard workspace.opened != nil, let folder = try? OwnFolder(workspace.leasesFolder) else { return [] }
        let names = (try? folder.names()) ?? []
        return names.compactMap { name in
            let lines = (try? folder.read(name)).map {
                String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init)
            }
            guard let lines, lines.count == 3, PoolHost.isPlainPath(lines[1]) else { return nil }
            return Holding(host: name, login: lines[0], folder: lines[1], node: lines[2])
        }
    }

    private func holding(_ node: String) throws -> Holding {
        _ = try index(of: node)
        guard let holding = holdings.first(where: { $0.node == node }) else { throw lost }
        return holding
    }

    private func ssh(_ holding: Holding, _ line: String) -> Command {
        Command("ssh", HostFiles.ssh(workspace, holding.host, as: holding.login) + [line])
    }

    /// The line that has a machine's own copy of the script leave it. If the folder is gone, somebody else may have made one of the name.
    private func end(_ holding: Holding) -> String {
        let (folder, base) = (holding.folder, (holding.folder as NSString).deletingLastPathComponent)
        return "if [ -O \(folder) ] && [ ! -L \(folder) ]; then sh \(folder)/hold - end \(summary.id) \(base); fi"
    }

    // --- what is asked of it ------------------------------------------------------------------------------------------

    /// Whether this process has taken the machines, and has lost none.
    var isHeld: Bool { !leases.isEmpty && leases.values.allSatisfy { !$0.isOver } }

    package func states() async throws -> [String: NodeState] {
        guard Self.name(in: workspace) != nil else { throw lost }
        var states: [String: NodeState] = [:]
        if !leases.isEmpty {
            for (node, lease) in leases { states[node] = lease.isOver ? .exited(code: 255) : .running }
        } else {
            states = await withTaskGroup(of: (String, Int32).self) { group in
                for holding in holdings {
                    group.addTask {
                        let output = try? await ssh(holding, "test -d \(holding.folder)").output(limit: .seconds(30))
                        return (holding.node, output?.exitCode ?? 255)
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 == 0 ? .running : .exited(code: 255) }
            }
        }
        if states.values.allSatisfy({ $0 != .running }) { throw lost }
        return states
    }

    package func logs() async throws -> [String: String] {
        try await withThrowingTaskGroup(of: (String, String).self) { group in
            for holding in holdings {
                group.addTask {
                    let output = try await ssh(holding, "cat \(holding.folder)/log").output(limit: .seconds(30))
                    return (holding.node, output.succeeded ? output.standardOutput : output.complaint)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    package func followLogs(of nodes: [String]) throws -> [(node: String, program: Command)] {
        try nodes.map { node in
            let holding = try holding(node)
            let holder = "$(cut -d ' ' -f 1 /tmp/cluster-fixture.lease/\(summary.id))"
            return (node, ssh(holding, "exec tail -n 500 -f --pid=\(holder) \(holding.folder)/log"))
        }
    }

    /// Over SSH, since there is no other way to such a machine: as root where root can log in, and as the ordinary user elsewhere; in the
    /// cluster's folder, with that user's own environment. What the program leaves running is waited for as long as it has its streams. If the task
    /// is cancelled, only the waiting ends.
    package func execute(_ words: [String], on node: String, streams: ProgramStreams) async throws -> Int32 {
        try check(words, for: node)
        let place = nodes[try index(of: node)].existing
        let holding = try holding(node)
        guard let place else { throw lost }
        // A shell that waits for it tells by which signal it has ended.
        let program = words.map(shellQuoted).joined(separator: " ") + "; exit $?"
        let line = place.line(program, of: summary.id, as: holding.login)
        let code = try await ssh(holding, line).run(streams: streams)
        // 255 is ssh's own, or the program's.
        if code == 255, try await ssh(holding, "test -d \(holding.folder)").output(limit: .seconds(30)).exitCode != 0 {
            throw ClusterError(
                .connectionLost, "\(node) (\(nodes[try index(of: node)].fqdn)) can't be reached as \(holding.login).",
                node: node, remedy: "See whether the machine is up, and what `ssh` says.")
        }
        return code
    }

    package func detach() async throws {
        for (node, lease) in leases.sorted(by: { $0.key < $1.key }) { try await lease.stay(on: node) }
    }

    package var removalCommand: String {
        let commands = holdings.map { ssh($0, end($0)).line }
        // The machines live on, and so would the connections to them.
        let connections =
            "for socket in \(shellQuoted(workspace.socketFolder))/*; do "
            + "[ ! -S \"$socket\" ] || ssh -F /dev/null -S \"$socket\" -O exit node 2>/dev/null; done; true"
        return (["{ \(connections); }"] + commands).joined(separator: " && ")
    }

    // --- its end ------------------------------------------------------------------------------------------------------

    package func destroy() async throws {
        guard Self.name(in: workspace) != nil else { return }
        let failures = await withTaskGroup(of: String?.self) { group in
            for holding in holdings { group.addTask { await leave(holding) } }
            return await group.reduce(into: [String]()) { if let failure = $1 { $0.append(failure) } }
        }
        // The machines live on, and so would the connections to them.
        await SharedConnections.end(in: workspace.socketFolder)
        guard failures.isEmpty else {
            throw ClusterError(.teardownFailed, failures.sorted().joined(separator: "; "))
        }
        try workspace.opened?.folder.remove(Self.file)
        try? OwnFolder(Self.register).remove("\(summary.id)")
    }

    /// - Returns: Nil when nothing of the cluster is on the machine any more.
    private func leave(_ holding: Holding) async -> String? {
        var failure = "\(holding.node): its holder is not this process's"
        if let lease = leases[holding.node], !lease.isOver {
            guard let trouble = await lease.end() else { return nil }
            failure = "\(holding.node): \(trouble)"
        }
        // What it left when its connection was lost, it has left by itself by now, or is about to.
        do {
            let output = try await ssh(holding, end(holding)).output(limit: .seconds(60))
            if output.succeeded { return nil }
            failure = "\(holding.node) can't be left: \(output.complaint)"
        } catch {
            failure = "\(failure); \(error)"
        }
        return failure
    }
}

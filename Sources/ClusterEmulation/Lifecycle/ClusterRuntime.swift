/// What a running cluster holds on to, and how it comes and goes.
final class ClusterRuntime: Sendable {
    let plan: ClusterPlan
    let backend: any Backend
    let access: SSHAccess
    let times: StartTimes
    private let reaper: Reaper
    private let stopping = Locked<Task<Void, any Error>?>(nil)

    private init(plan: ClusterPlan, backend: any Backend, access: SSHAccess, times: StartTimes, reaper: Reaper) {
        self.plan = plan
        self.backend = backend
        self.access = access
        self.times = times
        self.reaper = reaper
    }

    /// Starts a planned cluster; if anything fails, or the task is cancelled, all that was begun is taken back first.
    static func start(_ plan: ClusterPlan, on backend: any Backend, progress: Progress) async throws -> Cluster {
        try ResourceLimits.allowOpenFiles(nodes: plan.nodeNames.count, ports: plan.configuration.ports.count)
        // Whoever cleans up comes first: from here on, nothing is made that would not be removed.
        let reaper = try await Reaper.start(plan.workspace, script: backend.reaping(plan.id))
        let credentials = Task {
            try plan.workspace.create(for: backend.name)
            let keys = try await Credentials.make(
                nodes: plan.nodeNames.count, folder: plan.workspace.keysFolder, ownKeys: OwnKeys())
            progress.done(.keys)
            return keys
        }
        var access: SSHAccess?
        do {
            async let swept: Void = Leftovers.sweepOnce(backend)
            let endpoints = try await backend.provision(plan, credentials: credentials, progress: progress)
            progress.done(.nodes)
            let keys = try await credentials.value
            let opened = try SSHAccess(plan, endpoints, keys)
            access = opened
            try await Readiness(plan: plan, backend: backend, endpoints: endpoints, access: opened, progress: progress)
                .wait()
            progress.done(.ready)
            await swept
            let runtime = ClusterRuntime(
                plan: plan, backend: backend, access: opened, times: progress.times, reaper: reaper)
            let cluster = Cluster(runtime: runtime, nodes: runtime.nodes(endpoints, keys))
            try Workspace.write(cluster.inventory.json, to: Inventory.file(in: plan.workspace.folder))
            return cluster
        } catch {
            let opened = access
            credentials.cancel()
            _ = await credentials.result
            try await uncancelled { await remove(plan, backend, opened, reaper) }
            throw error is CancellationError ? error : ClusterError.unexpected(error)
        }
    }

    private func nodes(_ endpoints: [NodeEndpoint], _ credentials: Credentials) -> [Node] {
        plan.nodeNames.enumerated().map { index, name in
            let endpoint = endpoints[index]
            return Node(
                name: name, index: index, host: endpoint.host, port: endpoint.port, ip: endpoint.ip,
                hostKey: credentials.hostKeys[index].publicKey, publishedPorts: endpoint.publishedPorts,
                clusterID: plan.id, access: access, backend: backend)
        }
    }

    func alsoEnd(_ process: Int32?) { reaper.alsoEnd(process) }

    func stop() async throws {
        let (plan, backend, access, reaper) = (plan, backend, access, reaper)
        let task = stopping.withLock { running in
            let task = running ?? Task { try await Self.takeDown(plan, backend, access, reaper) }
            running = task
            return task
        }
        try await task.value
    }

    func keep(_ nodes: [Node]) async throws -> String {
        try plan.workspace.keep()
        // The shared connections stay too: they end with the nodes.
        await backend.keep(plan.id)
        await reaper.dismiss()
        stopping.withLock { $0 = Task {} }
        let reach = nodes.map { "  \($0.sshCommand(as: .root))" }.joined(separator: "\n")
        return """
            cluster \(plan.name) is kept. Reach it by
            \(reach)
            and remove it by
              \(backend.removalCommand(plan.id)) && \(plan.workspace.removalCommand)
            """
    }

    private static func takeDown(
        _ plan: ClusterPlan, _ backend: any Backend, _ access: SSHAccess?, _ reaper: Reaper
    ) async throws {
        do {
            if let access {
                try await access.close { try await backend.destroy(plan.id) }
            } else {
                try await backend.destroy(plan.id)
            }
            try plan.workspace.remove()
        } catch {
            reaper.release()
            throw ClusterError(
                .teardownFailed, "Cluster \(plan.name) could not be removed: \(error)",
                remedy: "A process in the background goes on trying. By hand: \(backend.removalCommand(plan.id))")
        }
        await reaper.dismiss()
    }

    /// Takes back a start that failed. The failure is the caller's news; what could not be taken back is told as well.
    private static func remove(
        _ plan: ClusterPlan, _ backend: any Backend, _ access: SSHAccess?, _ reaper: Reaper
    ) async {
        do { try await takeDown(plan, backend, access, reaper) } catch { Progress.say("\(error)") }
    }
}

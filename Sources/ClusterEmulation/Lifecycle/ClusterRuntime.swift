/// What a running cluster holds on to, and how it comes and goes.
final class ClusterRuntime: Sendable {
    let plan: ClusterPlan
    let cluster: any BackendCluster
    let access: SSHAccess
    let timeline: Timeline
    private let reaper: Reaper
    private let lastReset = Locked<StartTimes?>(nil)
    private let stopping = Locked<Task<Void, any Error>?>(nil)

    private init(
        plan: ClusterPlan, cluster: any BackendCluster, access: SSHAccess, timeline: Timeline, reaper: Reaper
    ) {
        self.plan = plan
        self.cluster = cluster
        self.access = access
        self.timeline = timeline
        self.reaper = reaper
    }

    /// Starts a planned cluster; if anything fails, or the task is cancelled, all that was begun is taken back first.
    static func start(_ plan: ClusterPlan, on backend: any Backend, timeline: Timeline) async throws -> Cluster {
        try ResourceLimits.allowOpenFiles(nodes: plan.nodeNames.count, ports: plan.nodes.map(\.ports.count).max() ?? 0)
        // Whoever cleans up comes first: from here on, nothing is made that would not be removed.
        let reaper = try await Reaper.start(plan.workspace, script: backend.reaping(plan.id))
        var begun: (any BackendCluster)?
        var access: SSHAccess?
        do {
            try plan.workspace.create(for: backend.name)
            if plan.configuration.packets { try Workspace.makeFolder(plan.workspace.packetsFolder) }
            let credentials = try await Credentials.make(
                nodes: plan.nodeNames, rsaHostKeys: plan.configuration.rsaHostKeys,
                rsaUserKey: plan.nodes.contains { $0.image.wantsRSAKey }, folder: plan.workspace.keysFolder,
                ownKeys: OwnKeys())
            timeline.note(.done(.keys))
            let cluster = try await backend.provision(plan, credentials: credentials) {
                let images = try await PreparedImages(plan.nodes.map(\.image), by: backend, timeline: timeline)
                timeline.note(.done(.image))
                return images
            }
            begun = cluster
            timeline.note(.done(.nodes))
            async let swept: Void = Leftovers.sweepOnce(backend)
            let opened = try SSHAccess(plan, cluster, credentials, timeline)
            access = opened
            let (up, areUp) = AsyncStream<Void>.makeStream()
            let (together, areTogether) = AsyncStream<Void>.makeStream()
            async let joined: Void = join(cluster, after: up) { areTogether.finish() }
            async let served: Void = startServices(plan, on: cluster, after: together, timeline: timeline)
            try await Readiness(plan: plan, cluster: cluster, access: opened, timeline: timeline).wait {
                timeline.note(.done(.banners))
                areUp.finish()
            }
            try await joined
            try await Passwords.set(plan.passwords, on: cluster)
            timeline.note(.done(.ready))
            try await served
            await swept
            let runtime = ClusterRuntime(
                plan: plan, cluster: cluster, access: opened, timeline: timeline, reaper: reaper)
            let made = Cluster(runtime: runtime, nodes: runtime.nodes)
            try Workspace.write(made.inventory.json, to: Inventory.file(in: plan.workspace.folder))
            return made
        } catch {
            let unfinished = error as? UnfinishedCluster
            let (left, opened) = (unfinished?.cluster ?? begun, access)
            // The failure is the caller's news; what could not be taken back is told as well.
            try await uncancelled {
                do { try await takeDown(plan, left, opened, reaper) } catch { Progress.say("\(error)") }
                // It may have been what others have left that was in the way.
                if !(error is CancellationError) { await Leftovers.sweepOnce(backend) }
            }
            let cause = unfinished?.cause ?? error
            throw cause is CancellationError ? cause : ClusterError.unexpected(cause)
        }
    }

    /// The network is seen to while the nodes are proved.
    private static func join(
        _ cluster: any BackendCluster, after up: AsyncStream<Void>, then: @Sendable () -> Void
    ) async throws {
        for await _ in up {}
        try Task.checkCancellation()
        try await cluster.joined()
        then()
    }

    /// Services are started when sshd listens on all nodes and the network's rules are in force: whatever is to be on a node is there by
    /// then.
    static func startServices(
        _ plan: ClusterPlan, on cluster: any BackendCluster, after up: AsyncStream<Void>, timeline: Timeline
    ) async throws {
        if plan.services.isEmpty { return }
        for await _ in up {}
        try Task.checkCancellation()
        try await ServiceStart(
            clusterName: plan.name, layout: plan.layout, services: plan.services, cluster: cluster, timeline: timeline
        ).run()
        timeline.note(.done(.services))
    }

    private var nodes: [Node] {
        let jumps = plan.jumps(cluster.nodes)
        return cluster.nodes.enumerated().map { index, node in
            Node(
                index: index, provisioned: node, cluster: cluster, access: access, timeline: timeline,
                passwords: plan.passwords, proxyJump: jumps[node.name])
        }
    }

    /// How long the last start of all nodes of a cluster that was there took.
    var resetTimes: StartTimes? {
        get { lastReset.withLock { $0 } }
        set { lastReset.withLock { $0 = newValue } }
    }

    func alsoEnd(_ process: Int32?) { reaper.alsoEnd(process) }

    var notice: ProcessNotice { reaper.notice }

    func stop() async throws {
        let (plan, cluster, access, reaper, timeline) = (plan, cluster, access, reaper, timeline)
        let task = stopping.withLock { running in
            let task =
                running
                ?? Task {
                    try await Self.takeDown(plan, cluster, access, reaper)
                    timeline.note(.stopped)
                }
            running = task
            return task
        }
        try await task.value
    }

    /// Whether it was stopped, or kept, or is about to be.
    var isEnded: Bool { stopping.withLock { $0 != nil } }

    func keep(_ nodes: [Node]) async throws -> String {
        try plan.workspace.keep()
        // The shared connections stay too: they end with the nodes.
        try await cluster.detach()
        await reaper.dismiss()
        timeline.note(.detached)
        EventFile(plan.workspace, beginning: timeline.date).append(timeline.entries)
        stopping.withLock { $0 = Task {} }
        // As whoever may do most there.
        let reach = nodes.map { node in
            "  \(node.sshCommand(as: node.provisioned.logins.last?.user ?? .root))"
        }.joined(separator: "\n")
        return """
            cluster \(plan.name) is kept. Reach it by
            \(reach)
            and remove it by
              \(cluster.removalCommand) && \(plan.workspace.removalCommand)
            """
    }

    /// Removes what there is of a cluster: its nodes, if any were begun, and its folder.
    private static func takeDown(
        _ plan: ClusterPlan, _ cluster: (any BackendCluster)?, _ access: SSHAccess?, _ reaper: Reaper
    ) async throws {
        do {
            if let access {
                try await access.close { try await cluster?.destroy() }
            } else {
                try await cluster?.destroy()
            }
            try plan.workspace.remove()
        } catch {
            reaper.release()
            let command = (cluster?.removalCommand).map { " By hand: \($0)" } ?? ""
            throw ClusterError(
                .teardownFailed, "Cluster \(plan.name) could not be removed: \(error)", underlying: error,
                remedy: "A process in the background goes on trying.\(command)")
        }
        await reaper.dismiss()
    }
}

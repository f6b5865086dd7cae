/// Waits until every node is ready: its SSH banner was read, its host key is the expected one, and a command ran after
/// key authentication.
struct Readiness: Sendable {
    let clusterName: String
    let limit: Duration
    /// Those that are waited for.
    let nodes: [ProvisionedNode]
    let cluster: any BackendCluster
    let access: SSHAccess
    let timeline: Timeline
    private let proved = Locked<Set<String>>([])

    init(plan: ClusterPlan, cluster: any BackendCluster, access: SSHAccess, timeline: Timeline) {
        self.init(
            clusterName: plan.name, limit: plan.configuration.readyWithin, nodes: cluster.nodes, cluster: cluster,
            access: access, timeline: timeline)
    }

    init(
        clusterName: String, limit: Duration, nodes: [ProvisionedNode], cluster: any BackendCluster, access: SSHAccess,
        timeline: Timeline
    ) {
        self.clusterName = clusterName
        self.limit = limit
        self.nodes = nodes
        self.cluster = cluster
        self.access = access
        self.timeline = timeline
    }

    /// Waits for all nodes.
    ///
    /// - Parameters:
    ///   - isProved: Whether a login proves each, which takes a processor 76 ms; else their banners are enough.
    ///   - onUp: What to do when sshd has been heard of on all of them.
    /// - Throws: ``ClusterError`` with the code `notReady`, naming the node, the stage and the cause.
    func wait(byLogin isProved: Bool = true, onUp: @escaping @Sendable () -> Void = {}) async throws {
        let watch = BannerWatch(watched.map { ($0.host, $0.port) })
        try watch.start()
        defer { watch.stop() }
        do {
            try await withDeadline(limit) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await watchForEnds() }
                    group.addTask {
                        try await watch.allBanners()
                        try await awaitThoseBehind()
                        onUp()
                        if isProved { try await proveAll() }
                    }
                    defer { group.cancelAll() }
                    // The first to end decides: all are proved, or one has failed.
                    try await group.next()
                }
            }
        } catch is DeadlineExceeded {
            throw await late(watch, limit)
        }
    }

    /// Those whose banners are read from here. A machine that was there before may be behind others, and a login is what proves it.
    private var watched: [ProvisionedNode] { nodes.filter { $0.existing == nil && $0.behind == nil } }

    /// Of nodes behind another one, that one sees when they take connections.
    private func awaitThoseBehind() async throws {
        for (gateway, nodes) in Dictionary(grouping: nodes.filter { $0.behind != nil }, by: \.behind) {
            if let gateway { try await cluster.awaitServers(of: nodes, seenFrom: gateway) }
        }
    }

    /// Banners first: a login is work for the processor, which those who wait for their banners need more. Then a few at a
    /// time, for the same reason.
    private func proveAll() async throws {
        let gate = Gate.programs()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in nodes { group.addTask { try await gate.pass { try await prove(node.name) } } }
            for try await _ in group {}
        }
    }

    private func prove(_ node: String) async throws {
        let output = try await access.open(node, .ubuntu)
        if output.succeeded {
            proved.withLock { _ = $0.insert(node) }
            timeline.note(.proved, node: node)
            return
        }
        let stage = Stage(sshComplaint: output.complaint, exitCode: output.exitCode)
        throw await failure(node, stage, output.complaint.isEmpty ? "exit code \(output.exitCode)" : output.complaint)
    }

    /// A node that has ended will never be ready. So the start fails at once and doesn't wait for the time limit.
    private func watchForEnds() async throws {
        for try await ended in cluster.ends() where nodes.contains(where: { $0.name == ended.name }) {
            timeline.note(.ended, node: ended.name, "exit code \(ended.exitCode)")
            throw await failure(ended.name, .container, "it ended with exit code \(ended.exitCode)")
        }
        throw CancellationError()
    }

    private func late(_ watch: BannerWatch, _ limit: Duration) async -> ClusterError {
        let unproved = nodes.filter { node in !proved.withLock { $0.contains(node.name) } }
        if let node = unproved.first(where: { $0.existing != nil }) {
            return await failure(node.name, .authentication, "the login did not end in time", limit)
        }
        for (node, state) in zip(watched.map(\.name), watch.states) {
            switch state {
            case .noConnection(let cause): return await failure(node, .tcp, cause, limit)
            case .noBanner(let cause): return await failure(node, .banner, cause, limit)
            case .banner:
                if proved.withLock({ $0.contains(node) }) { continue }
                return await failure(node, .authentication, "the login did not end in time", limit)
            }
        }
        if let node = unproved.first(where: { $0.behind != nil }), let gateway = node.behind {
            return await failure(node.name, .tcp, "\(gateway) can't connect to it", limit)
        }
        return ClusterError(.notReady, "Cluster \(clusterName) was ready, but only just after \(limit.inSeconds).")
    }

    private func failure(
        _ node: String, _ stage: Stage, _ cause: String, _ limit: Duration? = nil
    ) async -> ClusterError {
        let cluster = cluster
        // Diagnosis must not hide the failure: without a log the error stands as it is.
        let logs = (try? await uncancelled { try await cluster.logs() }) ?? [:]
        let within = limit.map { " within \($0.inSeconds)" } ?? ""
        return ClusterError(
            .notReady,
            "\(node) of cluster \(clusterName) was not ready\(within), stage \(stage.rawValue): \(cause.trimmingPeriod).",
            node: node, log: ClusterError.lastLines(logs[node] ?? ""), remedy: stage.remedy)
    }
}

extension Readiness {
    /// How far a node has come.
    enum Stage: String {
        case container
        case tcp = "TCP"
        case banner
        case hostKey = "host key"
        case authentication
        case command

        /// What ssh complained of. Its words only sort the failure; that it is one, the exit code said.
        init(sshComplaint: String, exitCode: Int32) {
            if sshComplaint.contains("Host key verification failed") || sshComplaint.contains("HOST IDENTIFICATION") {
                self = .hostKey
            } else if sshComplaint.contains("Permission denied") {
                self = .authentication
            } else if exitCode == 255 {
                self = .banner
            } else {
                self = .command
            }
        }

        var remedy: String {
            switch self {
            case .container: "See its log; an image of your own must keep this package's entry point."
            case .tcp:
                "Nothing accepts connections at the address of the node. With Docker the engine must run on this machine."
            case .banner: "See what the log of the node says of sshd. A cluster that did not start is always removed."
            case .hostKey: "Something else answers in the node's place: see what listens on its port."
            case .authentication: "See whether the image takes over the keys that `start-node --configure` hands it."
            case .command: "See whether the user has a login shell that can run `true`."
            }
        }
    }
}

extension String {
    fileprivate var trimmingPeriod: String { hasSuffix(".") ? String(dropLast()) : self }
}

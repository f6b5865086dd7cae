/// Starts a cluster's services: each when those are ready that it depends on, and so independent ones at the same time.
struct ServiceStart: Sendable {
    let clusterName: String
    let layout: ClusterLayout
    let services: [PlannedService]
    let cluster: any BackendCluster
    let timeline: Timeline

    /// Returns when all are proved to work.
    ///
    /// - Throws: ``ClusterError`` with the code `notReady`, naming the service, the stage and the cause.
    func run() async throws {
        try await withThrowingTaskGroup(of: String.self) { group in
            var (ready, waiting) = (Set<String>(), services)
            func startThosePossible() {
                for planned in waiting where ready.isSuperset(of: planned.service.dependencies) {
                    group.addTask {
                        try await start(planned)
                        return planned.service.name
                    }
                }
                waiting.removeAll { ready.isSuperset(of: $0.service.dependencies) }
            }
            startThosePossible()
            for try await name in group {
                ready.insert(name)
                startThosePossible()
            }
        }
    }

    private enum Stage: String {
        case start, ready
    }

    private func start(_ planned: PlannedService) async throws {
        let service = planned.service
        let nodes = ServiceNodes(layout: layout, plan: planned.plan, cluster: cluster)
        let stage = Locked(Stage.start)
        let number = timeline.begin(.service, service.name)
        do {
            try await withDeadline(service.readyWithin) {
                try await service.start(on: nodes)
                stage.withLock { $0 = .ready }
                try await service.prove(on: nodes)
            }
            timeline.end(number)
            timeline.note(.serviceReady, service.name)
        } catch is DeadlineExceeded {
            throw await failure(planned, stage.withLock { $0 }, "it was not in time", within: service.readyWithin)
        } catch let error where !(error is CancellationError) {
            if let lost = error as? ClusterError, lost.code == .clusterLost { throw lost }
            throw await failure(planned, stage.withLock { $0 }, error)
        }
    }

    private func failure(_ planned: PlannedService, _ stage: Stage, _ error: any Error) async -> ClusterError {
        let known = error as? ClusterError
        return await failure(
            planned, stage, known?.message ?? ClusterError.cause(error), node: known?.node, log: known?.log ?? "",
            remedy: known?.remedy ?? "", underlying: error)
    }

    private func failure(
        _ planned: PlannedService, _ stage: Stage, _ cause: String, node: String? = nil, log: String = "",
        remedy: String = "", underlying: (any Error)? = nil, within limit: Duration? = nil
    ) async -> ClusterError {
        let (name, nodes) = (planned.service.name, node.map { [$0] } ?? planned.plan.nodes)
        let place = nodes.prefix(4).joined(separator: ", ") + (nodes.count > 4 ? " …" : "")
        let told = await lastLines(planned.plan, nodes)
        return ClusterError(
            .notReady,
            "Service \(name) of cluster \(clusterName) was not ready on \(place)\(limit.map { " within \($0.inSeconds)" } ?? ""), stage \(stage.rawValue): \(ClusterError.sentence(cause))",
            node: node, underlying: underlying,
            log: [log, told].filter { !$0.isEmpty }.joined(separator: "\n"), remedy: remedy)
    }

    /// What the service has logged last. Diagnosis must not hide the failure: without a log the error stands as it is.
    private func lastLines(_ plan: ServicePlan, _ nodes: [String]) async -> String {
        guard !plan.logs.isEmpty else { return "" }
        let cluster = cluster
        let told = try? await uncancelled {
            var texts: [String] = []
            for node in nodes.prefix(4) {
                let words = [
                    "sh", "-c", "for log; do [ -s \"$log\" ] && echo \"$log:\" && tail -n 8 \"$log\"; done; :", "sh",
                ]
                let told = try? await cluster.execute(words + plan.logs, on: node)
                if let text = told?.standardOutput, !text.isEmpty { texts.append("on \(node), \(text)") }
            }
            return texts.joined()
        }
        return told ?? ""
    }
}

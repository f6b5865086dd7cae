import CScripts

extension Slurm {
    /// Starts each node's part at once. Compute nodes wait for the controller.
    ///
    /// - Throws: ``ClusterError`` that names the node on which something did not start, and says why.
    public func start(on nodes: ServiceNodes) async throws {
        let configuration = try SlurmConfiguration(self, for: nodes.layout)
        let controller = configuration.address(of: configuration.controller)
        try await nodes.onEach { node in
            var duties: [String] = []
            if node == configuration.controller { duties = (accounting ? ["database"] : []) + ["controller"] }
            if configuration.computeNodes.contains(where: { $0.name == node }) { duties.append("compute") }
            let script = ["bash", "-c", String(cString: slurm_starting_script()), "start-slurm"]
            let result = try await nodes.run(script + [seconds(0.8), controller] + duties, on: node)
            guard result.exitCode == 0 else {
                throw ClusterError(
                    .notReady, words(result) ?? "exit code \(result.exitCode)", node: node,
                    log: ClusterError.lastLines(result.standardError, 8))
            }
        }
    }

    /// Returns when a job has run on every compute node.
    ///
    /// - Throws: ``ClusterError`` that names the nodes that don't come, and says whose munge key is another one.
    public func prove(on nodes: ServiceNodes) async throws {
        let configuration = try SlurmConfiguration(self, for: nodes.layout)
        let giveUp = ContinuousClock.now + readyWithin * 0.4
        let names = configuration.computeNodes.map(\.name).joined(separator: " ")
        let partitions = configuration.coveringPartitions.map { "\($0.name)=\($0.nodes)" }
        while true {
            // Of nodes that have not come by then it is asked why.
            let patience = min(readyWithin * 0.4, .seconds(5)) / .seconds(1)
            let script = ["bash", "-c", String(cString: slurm_proving_script()), "prove-slurm"]
            let result = try await nodes.run(
                script + ["\(Int(patience.rounded(.up)))", seconds(0.4), names] + partitions,
                on: configuration.controller)
            switch result.exitCode {
            case 0: return
            case 3: try await explain(result.lines, configuration, nodes, isLast: .now > giveUp)
            default: throw noJobRan(result, configuration)
            }
        }
    }

    /// A part of the time that there is until it is to be ready, in whole seconds.
    private func seconds(_ part: Double) -> String { "\(max(Int(readyWithin * part / .seconds(1)), 1))" }

    /// The last line of what a script has said.
    private func words(_ result: CommandResult) -> String? {
        result.standardError.split(whereSeparator: \.isNewline).last.map(String.init)
    }

    private func noJobRan(_ result: CommandResult, _ configuration: SlurmConfiguration) -> ClusterError {
        let log = ClusterError.lastLines(result.standardError, 8)
        let told = words(result).map { ": \($0)" } ?? ""
        let busy = result.lines.compactMap { $0.split(separator: " ").first.map(String.init) }
        // Of several nodes it is not known which is the cause.
        guard busy.count == 1, configuration.computeNodes.count > 1 else {
            return ClusterError(
                .notReady, "no job could be run\(told)", node: configuration.controller, log: log)
        }
        return ClusterError(.notReady, "no job could be run there\(told)", node: busy[0], log: log)
    }

    /// Says why nodes, of which `missing` has what `sinfo` says, don't come.
    ///
    /// - Throws: ``ClusterError`` if it is known why nodes don't come, or if they were to have come by now.
    private func explain(
        _ missing: [String], _ configuration: SlurmConfiguration, _ nodes: ServiceNodes, isLast: Bool
    ) async throws {
        let controller = configuration.controller
        let credential = try await nodes.run(["munge", "--no-input"], on: controller)
        let states = missing.map { $0.split(separator: " ").map(String.init) }.filter { !$0.isEmpty }
        for node in states.map({ $0[0] }) where node != controller {
            let read = try await nodes.run(["unmunge"], on: node, input: credential.standardOutput)
            if read.exitCode == 0 { continue }
            let told = words(read) ?? words(credential) ?? "exit code \(read.exitCode)"
            throw ClusterError(
                .notReady,
                told.contains("Invalid credential")
                    ? "its munge key is not the one of \(controller), so slurmctld refuses it"
                    : "its munge can't decode what munge on \(controller) has encoded: \(told)", node: node)
        }
        guard isLast, let first = states.first else { return }
        let told = states.prefix(8).map { "\($0[0]) is \($0.count > 1 ? $0[1] : "not known")" }.joined(separator: ", ")
        throw ClusterError(
            .notReady, "to slurmctld on \(controller) \(told)\(states.count > 8 ? " …" : "")",
            node: states.count == 1 ? first[0] : nil)
    }
}

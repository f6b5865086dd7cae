import CScripts

extension Slurm {
    /// Starts each node's part at once. Compute nodes wait for the controller.
    public func start(on nodes: ServiceNodes) async throws {
        let configuration = try SlurmConfiguration(self, for: nodes.layout)
        let controller = configuration.address(of: configuration.controller)
        try await nodes.onEach { node in
            var duties: [String] = []
            if node == configuration.controller { duties = (accounting ? ["database"] : []) + ["controller"] }
            if configuration.computeNodes.contains(where: { $0.name == node }) { duties.append("compute") }
            let script = ["bash", "-c", String(cString: slurm_starting_script()), "start-slurm", controller] + duties
            let result = try await nodes.run(script, on: node)
            guard result.exitCode == 0 else {
                let words = result.standardError.split(whereSeparator: \.isNewline).suffix(2).joined(separator: ": ")
                throw ClusterError(.notReady, words.isEmpty ? "exit code \(result.exitCode)" : words, node: node)
            }
        }
    }

    /// Returns when a job has run on every compute node.
    ///
    /// - Throws: ``ClusterError`` that names the nodes that don't come, and says whose munge key is another one.
    public func prove(on nodes: ServiceNodes) async throws {
        let configuration = try SlurmConfiguration(self, for: nodes.layout)
        let giveUp = ContinuousClock.now + readyWithin * 0.8
        while true {
            // Whoever has not come by then is asked for a reason.
            let patience = "\(max(Int(min(.seconds(5), giveUp - .now) / .seconds(1)), 1))"
            let names = configuration.computeNodes.map(\.name).joined(separator: " ")
            let partitions = configuration.coveringPartitions.map { "\($0.name)=\($0.nodes)" }
            let script = ["bash", "-c", String(cString: slurm_proving_script()), "prove-slurm", patience, names]
            let result = try await nodes.run(script + partitions, on: configuration.controller)
            switch result.exitCode {
            case 0: return
            case 3: try await explain(result.lines, configuration, nodes, isLast: .now > giveUp)
            default:
                throw ClusterError(
                    .notReady, "no job could be run: \(ClusterError.lastLines(result.standardError, 2))",
                    node: configuration.controller)
            }
        }
    }

    /// - Throws: ``ClusterError`` if it is known why nodes don't come, or if they were to have come by now.
    private func explain(
        _ missing: [String], _ configuration: SlurmConfiguration, _ nodes: ServiceNodes, isLast: Bool
    ) async throws {
        let controller = configuration.controller
        let credential = try await nodes.run(["munge", "--no-input"], on: controller)
        for node in missing where node != controller {
            let read = try await nodes.run(["unmunge"], on: node, input: credential.standardOutput)
            if read.exitCode == 0 { continue }
            let words = ClusterError.lastLines(read.standardError + credential.standardError, 1)
            let cause =
                words.contains("Invalid credential")
                ? "its munge key is not the one of \(controller), so slurmctld refuses it"
                : "munge does not read on it what munge on \(controller) has written: \(words)"
            throw ClusterError(.notReady, cause, node: node)
        }
        guard isLast else { return }
        let names = missing.prefix(8).joined(separator: ", ") + (missing.count > 8 ? " …" : "")
        throw ClusterError(
            .notReady, "\(names) did not register with slurmctld on \(controller)",
            node: missing.count == 1 ? missing[0] : nil)
    }
}

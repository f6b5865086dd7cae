import Foundation

extension Cluster {
    /// Its Slurm.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` if it has none.
    public var slurm: RunningService<Slurm> { get throws { try service(Slurm.self) } }
}

/// What can be asked of a running Slurm. All of it is done on the login node, over SSH, as a user would by hand.
extension RunningService where Kind == Slurm {
    /// Submits a script that is a file of this machine, by `sbatch`.
    ///
    /// - Parameters:
    ///   - path: The file. The job has its name, unless `--job-name` says otherwise.
    ///   - arguments: What the script gets as its arguments.
    ///   - options: Options of sbatch(1), such as `["--nodes=2", "--time=5"]`. They go before those in the script.
    ///   - user: Who submits it.
    ///   - folder: The folder of the login node in which it is submitted: there the job runs, and writes its output. Nil is the user's
    ///     home.
    /// - Returns: The job's number, or the array's.
    /// - Throws: ``ClusterError`` with the code `commandFailed` and Slurm's words if it is refused; `transferFailed` if there is no such
    ///   file; what `Node.run` throws.
    @discardableResult
    public func submit(
        _ path: String, arguments: [String] = [], options: [String] = [], as user: User = .ubuntu,
        in folder: String? = nil
    ) async throws -> SlurmJob.ID {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ClusterError(
                .transferFailed, "The script \(ClusterConfiguration.printable(path)) can't be read, or is not text.")
        }
        return try await submit(JobScript(text, at: path, arguments), options, user, folder)
    }

    /// Submits a script, by `sbatch`.
    ///
    /// - Parameters:
    ///   - script: The script's text. Without a `#!` it is one for `sh`.
    ///   - arguments: What the script gets as its arguments.
    ///   - options: Options of sbatch(1), such as `["--nodes=2", "--time=5"]`. They go before those in the script.
    ///   - user: Who submits it.
    ///   - folder: The folder of the login node in which it is submitted; nil is the user's home.
    /// - Returns: The job's number, or the array's.
    /// - Throws: ``ClusterError`` with the code `commandFailed` and Slurm's words if it is refused; what
    ///   `Node.run` throws.
    @discardableResult
    public func submit(
        script: String, arguments: [String] = [], options: [String] = [], as user: User = .ubuntu,
        in folder: String? = nil
    ) async throws -> SlurmJob.ID {
        try await submit(JobScript(script, arguments), options, user, folder)
    }

    private func submit(
        _ script: JobScript, _ options: [String], _ user: User, _ folder: String?
    ) async throws -> SlurmJob.ID {
        let result = try await script.submit(by: ["sbatch", "--parsable"] + options, on: login, as: user, in: folder)
        // A cluster's name may stand behind it.
        guard result.exitCode == 0, let last = result.lines.last, let number = Int(last.prefix { $0 != ";" }) else {
            throw ClusterError(
                .commandFailed,
                "Slurm did not take \(script.name) from \(user) on \(login.name): \(told(result))", node: login.name)
        }
        return SlurmJob.ID(number)
    }

    /// A job as it is now; for an array, the first task that has not ended, or else the first that did not complete, or else the last.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if there is no such job.
    public func job(_ id: SlurmJob.ID) async throws -> SlurmJob {
        guard let job = SlurmJob.whole(try await tasks(of: id)) else {
            throw ClusterError(.commandFailed, "Slurm has no job \(id).", node: login.name)
        }
        return job
    }

    /// What a job does now; of an array, what `job(_:)` says.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if there is no such job.
    public func state(of id: SlurmJob.ID) async throws -> SlurmJobState { try await job(id).state }

    /// The tasks of a job array, in their order; a job that is none is its own only one. Those that still wait are one together.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if there is no such job.
    public func tasks(of id: SlurmJob.ID) async throws -> [SlurmJob] {
        let shown = try await slurm(["scontrol", "show", "job", "\(id)"])
        return SlurmJob.read(shown.standardOutput).sorted { ($0.id.task ?? .max) < ($1.id.task ?? .max) }
    }

    /// Waits until a job has ended, or all tasks of an array have.
    ///
    /// - Parameters:
    ///   - id: The job.
    ///   - limit: How long it may take from now; a minute unless you say otherwise.
    /// - Returns: The job; of an array, the first task that did not complete, or else the last.
    /// - Throws: ``ClusterError`` with the code `timedOut`, saying what the job does instead; `commandFailed` if there is no such job.
    @discardableResult
    public func wait(for id: SlurmJob.ID, within limit: Duration = .seconds(60)) async throws -> SlurmJob {
        // squeue tells of those alone that have not ended. One that Slurm has forgotten is an error of scontrol's.
        let line = """
            pause=0.02; n=0
            while [ -n "$(squeue --noheader --jobs=\(id) 2>/dev/null)" ]; do
                sleep $pause
                n=$((n + 1)); [ $n -lt 100 ] || pause=0.1
            done
            """
        do {
            try await login.run(line, as: .root, timeout: limit)
        } catch let error as ClusterError where error.code == .timedOut {
            let job = try await job(id)
            if !job.state.isEnd {
                throw ClusterError(
                    .timedOut,
                    "Job \(id) did not end within \(limit.inSeconds): it is \(job.state)\(job.reason.map { " (\($0))" } ?? "").",
                    node: job.batchNode)
            }
        }
        return try await job(id)
    }

    /// What a job has written so far: the file that its script's standard output goes to.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if there is no such job, or it has not begun.
    public func output(of id: SlurmJob.ID) async throws -> String {
        let job = try await job(id)
        guard let name = job.batchNode, let file = job.outputFile,
            let node = cluster.nodes.first(where: { $0.name == name })
        else {
            throw ClusterError(.commandFailed, "Job \(id) has no output: it is \(job.state).", node: login.name)
        }
        return try await node.run(["cat", file], as: .root).requireSuccess().standardOutput
    }

    /// The jobs that have not ended.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if Slurm does not answer.
    public func queue() async throws -> [SlurmJob] {
        SlurmJob.read(try await slurm(["scontrol", "show", "job"]).standardOutput).filter { !$0.state.isEnd }
    }

    /// Cancels a job, or a whole array, by `scancel`. It returns when Slurm has been told; `wait(for:within:)` waits for the end.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if there is no such job.
    public func cancel(_ id: SlurmJob.ID) async throws { try await slurm(["scancel", "\(id)"]) }

    /// Lets no further job begin on a node; those that run there go on.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - reason: What `sinfo` gives for a reason.
    /// - Throws: ``ClusterError`` with the code `commandFailed` if Slurm has no such node.
    public func drain(_ node: Node, reason: String = "drained by a test") async throws {
        try await slurm(["scontrol", "update", "NodeName=\(node.name)", "State=DRAIN", "Reason=\(reason)"])
    }

    /// Lets jobs begin again on a node that was drained or is down, and returns when they can.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - limit: How long it may take until the node answers.
    /// - Throws: ``ClusterError`` with the code `commandFailed` if Slurm has no such node, or `timedOut` if it does not answer.
    public func resume(_ node: Node, within limit: Duration = .seconds(60)) async throws {
        try await slurm(["scontrol", "update", "NodeName=\(node.name)", "State=RESUME"])
        // With a star it does not answer yet.
        let line =
            "while sinfo --noheader --nodes=\(node.name) --format=%T | grep -Eq '[*]|down|unk'; do sleep 0.05; done"
        do {
            try await login.run(line, as: .root, timeout: limit)
        } catch let error as ClusterError where error.code == .timedOut {
            throw ClusterError(
                .timedOut, "Slurm got no answer from \(node.name) within \(limit.inSeconds).", node: node.name,
                remedy: "Look at /var/log/slurm/slurmd.log there.")
        }
    }

    /// What each compute node does, in the words of `sinfo`, by the nodes' names: `idle`, `allocated`, `drained` and so on, with a
    /// star if it does not answer.
    public func nodeStates() async throws -> [String: String] {
        let told = try await slurm(["sinfo", "--Node", "--noheader", "--format=%N %T"])
        let pairs = told.lines.compactMap { line -> (String, String)? in
            let words = line.split(separator: " ").map(String.init)
            return words.count == 2 ? (words[0], words[1]) : nil
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private var login: Node { cluster[layout.login.name] }

    @discardableResult
    private func slurm(_ words: [String]) async throws -> CommandResult {
        let result = try await login.run(words, as: .root)
        guard result.exitCode == 0 else {
            throw ClusterError(
                .commandFailed, "`\(result.command)` on \(login.name) failed: \(told(result))", node: login.name)
        }
        return result
    }

    private func told(_ result: CommandResult) -> String {
        let words = result.standardError.isEmpty ? result.standardOutput : result.standardError
        return ClusterError.sentence(words.split(whereSeparator: \.isNewline).joined(separator: " "))
    }
}

extension RunningService where Kind == HTCondor {
    private var login: Node { cluster[layout.login.name] }

    /// Submits what a file of this machine describes, by `condor_submit`.
    ///
    /// - Parameters:
    ///   - path: The submit description.
    ///   - options: Options of condor_submit(1), such as `["-append", "request_memory = 64"]`, and settings of the description: `["tiles=12"]`.
    ///   - user: Who submits it.
    ///   - folder: The folder of the login node in which it is submitted, from which on the paths in it are meant; nil is the user's home.
    /// - Returns: The number under which HTCondor has the jobs: its "cluster".
    /// - Throws: ``ClusterError`` with the code `commandFailed` and HTCondor's words if it is refused; `transferFailed` if there is no such
    ///   file.
    @discardableResult
    public func submit(
        _ path: String, options: [String] = [], as user: User = .ubuntu, in folder: String? = nil
    ) async throws -> String {
        try await submit(description: try BatchJob.text(of: path), options: options, as: user, in: folder)
    }

    /// Submits what a text describes, by `condor_submit`.
    ///
    /// - Parameters:
    ///   - description: The submit description.
    ///   - options: Options of condor_submit(1), and settings of the description.
    ///   - user: Who submits it.
    ///   - folder: The folder of the login node in which it is submitted; nil is the user's home.
    /// - Returns: The number under which HTCondor has the jobs: its "cluster".
    /// - Throws: ``ClusterError`` with the code `commandFailed` and HTCondor's words if it is refused.
    @discardableResult
    public func submit(
        description: String, options: [String] = [], as user: User = .ubuntu, in folder: String? = nil
    ) async throws -> String {
        let words = ["condor_submit", "-terse"] + options + ["-"]
        let line = "cd \(folder.map(shellQuoted) ?? "") && \(words.map(shellQuoted).joined(separator: " "))"
        let result = try await login.run(line, as: user, standardInput: description)
        // "12.0 - 12.3"
        guard result.exitCode == 0, let id = result.lines.last?.prefix(while: \.isNumber), !id.isEmpty else {
            throw BatchJob.refusal(of: "a job", by: "HTCondor", result)
        }
        return String(id)
    }

    /// What has become of a job.
    ///
    /// - Parameter id: The number that `submit(_:options:as:in:)` has given, or that of one of several jobs: `12`, `12.0`.
    /// - Returns: Its state; of several jobs what is still to come, or else what went wrong.
    /// - Throws: ``ClusterError`` with the code `commandFailed` if there is no such job.
    public func state(of id: String) async throws -> BatchJob.State { try await job(id).state }

    /// A job: one that waits or runs, or one that has ended.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if there is no such job.
    public func job(_ id: String) async throws -> BatchJob {
        try await BatchJob.found(id, on: cluster.name) { try await find(id) }
    }

    /// Waits for a job to end, in whatever way; for all of those under a number.
    ///
    /// - Parameters:
    ///   - id: The number.
    ///   - limit: How long it may take, from now on.
    /// - Returns: The job.
    /// - Throws: ``ClusterError`` with the code `timedOut`.
    @discardableResult
    public func wait(for id: String, within limit: Duration = .seconds(60)) async throws -> BatchJob {
        try await BatchJob.end(of: id, within: limit, on: cluster.name) { try await find(id) }
    }

    /// Takes a job out of the queue, or ends it, by `condor_rm`. It returns when HTCondor has been told; `wait(for:within:)` waits for the
    /// end.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if it is not there.
    public func cancel(_ id: String) async throws {
        try await login.run(["condor_rm", id], as: .root).requireSuccess()
    }

    /// All jobs that wait or run, whoever they belong to, each of several under a number for itself.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if HTCondor does not answer.
    public func queue() async throws -> [BatchJob] {
        let words = ["condor_q", "-allusers"] + HTCondorRecords.fields
        return HTCondorRecords.jobs(try await login.run(words).requireSuccess().standardOutput)
    }

    /// Lets a node start no more jobs; those that run go on.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if HTCondor refuses it.
    public func drain(_ node: Node) async throws {
        try await login.run(["condor_drain", "-graceful", node.fqdn], as: .root)
            .requireSuccess()
    }

    /// Lets a node start jobs again.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if HTCondor refuses it.
    public func resume(_ node: Node) async throws {
        try await login.run(["condor_drain", "-cancel", node.fqdn], as: .root).requireSuccess()
    }

    private func find(_ id: String) async throws -> BatchJob? {
        guard id.wholeMatch(of: /[0-9]+(\.[0-9]+)?/) != nil else {
            throw ClusterError(
                .commandFailed, "\"\(ClusterConfiguration.printable(id))\" is not the number of a job of HTCondor.")
        }
        // A job is in the history before it is out of the queue: asked in this order, it is in one of them.
        let fields = HTCondorRecords.fields.map(shellQuoted).joined(separator: " ")
        let line = "condor_q -allusers \(id) \(fields) && condor_history \(id) \(fields)"
        let jobs = HTCondorRecords.jobs(try await login.run(line).requireSuccess().standardOutput)
        var parts: [String: BatchJob] = [:]
        for job in jobs { parts[job.id] = job }
        return BatchJob.combined(parts.values.sorted { $0.id < $1.id }, id: id)
    }
}

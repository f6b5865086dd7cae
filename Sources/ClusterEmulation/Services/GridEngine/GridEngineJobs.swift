extension RunningService where Kind == GridEngine {
    private var login: Node { cluster[layout.login.name] }

    /// Submits a script that is a file of this machine, by `qsub`.
    ///
    /// - Parameters:
    ///   - path: The file. The job has its name, unless `-N` says otherwise.
    ///   - arguments: What the script gets as its arguments.
    ///   - options: Options of qsub(1), such as `["-pe", "mpi", "3"]`. They go before those in the script.
    ///   - user: Who submits it.
    ///   - folder: The folder of the login node in which it is submitted; nil is the user's home. Jobs run in their user's home, unless
    ///     `-cwd` has them run in this folder.
    /// - Returns: The job's number, or the array's.
    /// - Throws: ``ClusterError`` with the code `commandFailed` and Grid Engine's words if it is refused; `transferFailed` if there is no
    ///   such file.
    @discardableResult
    public func submit(
        _ path: String, arguments: [String] = [], options: [String] = [], as user: User = .ubuntu,
        in folder: String? = nil
    ) async throws -> String {
        try await submit(JobScript(try BatchJob.text(of: path), at: path, arguments), options, user, folder)
    }

    /// Submits a script, by `qsub`.
    ///
    /// - Parameters:
    ///   - script: The script's text. Without a `#!` it is one for `sh`.
    ///   - arguments: What the script gets as its arguments.
    ///   - options: Options of qsub(1). They go before those in the script.
    ///   - user: Who submits it.
    ///   - folder: The folder of the login node in which it is submitted; nil is the user's home.
    /// - Returns: The job's number, or the array's.
    /// - Throws: ``ClusterError`` with the code `commandFailed` and Grid Engine's words if it is refused.
    @discardableResult
    public func submit(
        script: String, arguments: [String] = [], options: [String] = [], as user: User = .ubuntu,
        in folder: String? = nil
    ) async throws -> String {
        try await submit(JobScript(script, arguments), options, user, folder)
    }

    private func submit(
        _ script: JobScript, _ options: [String], _ user: User, _ folder: String?
    ) async throws -> String {
        let result = try await script.submit(by: ["qsub", "-terse"] + options, on: login, as: user, in: folder)
        // An array is "12.1-4:1".
        guard result.exitCode == 0, let id = result.lines.last?.prefix(while: \.isNumber), !id.isEmpty else {
            throw BatchJob.refusal(of: script.name, by: "Grid Engine", result)
        }
        return String(id)
    }

    /// What has become of a job.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if there is no such job.
    public func state(of id: String) async throws -> BatchJob.State { try await job(id).state }

    /// A job: one that waits or runs, or one that has ended.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if there is no such job.
    public func job(_ id: String) async throws -> BatchJob {
        try await BatchJob.found(id, on: cluster.name) { try await find(id) }
    }

    /// Waits for a job to end, in whatever way.
    ///
    /// - Parameters:
    ///   - id: The job's number.
    ///   - limit: How long it may take, from now on.
    /// - Returns: The job.
    /// - Throws: ``ClusterError`` with the code `timedOut`.
    @discardableResult
    public func wait(for id: String, within limit: Duration = .seconds(60)) async throws -> BatchJob {
        try await BatchJob.end(of: id, within: limit, on: cluster.name) { try await find(id) }
    }

    /// Takes a job out of the queue, or ends it, by `qdel`. It returns when Grid Engine has been told; `wait(for:within:)` waits for the
    /// end.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if it is not there.
    public func cancel(_ id: String) async throws {
        try await login.run(["qdel", id], as: .root).requireSuccess()
    }

    /// All jobs that wait or run, whoever they belong to: an array once for each of its states.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if Grid Engine does not answer.
    public func queue() async throws -> [BatchJob] {
        let listing = try await login.run(["qstat", "-u", "*", "-xml"]).requireSuccess().standardOutput
        return GridEngineRecords.queue(listing, suffix: suffix)
    }

    /// Lets a node start no more jobs; those that run go on.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if Grid Engine refuses it.
    public func drain(_ node: Node) async throws {
        try await login.run(["qmod", "-d", queue(of: node)], as: .root).requireSuccess()
    }

    /// Lets a node start jobs again.
    ///
    /// - Throws: ``ClusterError`` with the code `commandFailed` if Grid Engine refuses it.
    public func resume(_ node: Node) async throws {
        try await login.run(["qmod", "-e", queue(of: node)], as: .root).requireSuccess()
    }

    private func find(_ id: String) async throws -> BatchJob? {
        guard id.wholeMatch(of: /[0-9]+/) != nil else {
            throw ClusterError(
                .commandFailed, "\"\(ClusterConfiguration.printable(id))\" is not the number of a job of Grid Engine.")
        }
        let queued = try await queue().filter { $0.id == id }
        if let job = BatchJob.combined(queued, id: id) { return job }
        let files = "cd \(GridEngineFiles.cell) && grep -hs ':\(id):' accounting reporting; :"
        let records = try await login.run(files).requireSuccess().standardOutput
        return GridEngineRecords.ended(id, records, suffix: suffix)
    }

    /// What follows a node's name in the network of a second interface.
    private var suffix: String { layout.site.secondInterface.map { "-\($0)" } ?? "" }

    private func queue(of node: Node) -> String {
        "all.q@" + (suffix.isEmpty ? node.fqdn : node.name + suffix)
    }
}

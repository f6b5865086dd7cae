extension SlurmJob {
    /// Reads jobs as `scontrol show job` writes them: a paragraph for each, with `NAME=VALUE` in it.
    package static func read(_ text: String) -> [SlurmJob] {
        var jobs: [SlurmJob] = []
        var fields: [String: String] = [:]
        func finish() {
            if let job = SlurmJob(fields) { jobs.append(job) }
            fields = [:]
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let line = line.trimmingPrefix { $0 == " " }
            if line.isEmpty || line.hasPrefix("JobId=") { finish() }
            read(line, into: &fields)
        }
        finish()
        return jobs
    }

    /// Paths and names may have blanks in them, and then are the last of their line.
    private static func read(_ line: some StringProtocol, into fields: inout [String: String]) {
        var rest = Substring(line)
        while let equals = rest.firstIndex(of: "=") {
            let name = String(rest[..<equals])
            let value = rest[rest.index(after: equals)...]
            guard !untilTheEnd.contains(name), let blank = value.firstIndex(of: " ") else {
                fields[name] = String(value)
                return
            }
            fields[name] = String(value[..<blank])
            rest = value[value.index(after: blank)...]
        }
    }

    private static let untilTheEnd: Set<String> = [
        "JobName", "Command", "WorkDir", "StdErr", "StdIn", "StdOut", "Comment", "AdminComment",
    ]

    private init?(_ fields: [String: String]) {
        guard let number = fields["JobId"].flatMap({ Int($0) }), let state = fields["JobState"] else { return nil }
        // As long as tasks of an array wait, one record stands for them: it has `1-50` for a task.
        id = ID(fields["ArrayJobId"].flatMap { Int($0) } ?? number, task: fields["ArrayTaskId"].flatMap { Int($0) })
        name = fields["JobName"] ?? ""
        user = fields["UserId"].map { String($0.prefix { $0 != "(" }) } ?? ""
        partition = fields["Partition"] ?? ""
        self.state = SlurmJobState(rawValue: state)
        reason = fields["Reason"].flatMap { $0 == "None" ? nil : $0 }
        let codes = (fields["ExitCode"] ?? "").split(separator: ":").map { Int32($0) ?? 0 }
        exitCode = codes.first ?? 0
        signal = codes.count > 1 ? codes[1] : 0
        nodes = fields["NodeList"].map(Self.names) ?? []
        batchNode = fields["BatchHost"].flatMap { $0.isEmpty ? nil : $0 }
        outputFile = fields["StdOut"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The names that Slurm writes shorter: `login1,node[1-3,5]`.
    package static func names(_ list: String) -> [String] {
        if list.isEmpty || list == "(null)" { return [] }
        var names: [String] = []
        for match in list.matches(of: /([^,\[]+)(?:\[([^\]]*)\])?,?/) {
            guard let numbers = match.2 else {
                names.append(String(match.1))
                continue
            }
            for range in numbers.split(separator: ",") {
                let ends = range.split(separator: "-")
                guard let first = ends.first, let low = Int(first), let high = Int(ends[ends.count - 1]), low <= high
                else { continue }
                names += (low...high).map { number in
                    let digits = String(number)
                    // Numbers keep their width: node[08-10].
                    return match.1 + String(repeating: "0", count: max(first.count - digits.count, 0)) + digits
                }
            }
        }
        return names
    }

    /// What stands for all tasks of an array: the first that has not ended, or else the first that did not complete, or else the last.
    package static func whole(_ tasks: [SlurmJob]) -> SlurmJob? {
        tasks.first { !$0.state.isEnd } ?? tasks.first { $0.state != .completed } ?? tasks.last
    }
}

/// What `condor_q` and `condor_history` tell of jobs.
package enum HTCondorRecords {
    /// The options that have both print what is read here: a line for each job, with tabs between.
    static let fields = [
        "-af:t", "ClusterId", "ProcId", "Owner", "JobStatus", "ExitCode", "ExitSignal", "LastRemoteHost", "RemoteHost",
        "JobBatchName", "Cmd",
    ]

    package static func jobs(_ listing: String) -> [BatchJob] {
        listing.split(separator: "\n").compactMap { line in
            let values = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard values.count == 10 else { return nil }
            let code = Int(values[4]) ?? Int(values[5]).map { 128 + $0 }
            // "slot1_1@node2.lab.test"
            let host = [values[7], values[6]].first { $0 != "undefined" }
            let node = host.map { $0.drop { $0 != "@" }.dropFirst().prefix { $0 != "." } }
            return BatchJob(
                id: "\(values[0]).\(values[1])", name: values[8] == "undefined" ? values[9] : values[8],
                user: values[2], state: state(values[3], code), exitCode: code, nodes: node.map { [String($0)] } ?? [])
        }
    }

    /// The numbers of the attribute JobStatus.
    private static func state(_ status: String, _ code: Int?) -> BatchJob.State {
        switch status {
        case "1": .pending
        case "3": .cancelled
        case "4": code == 0 ? .completed : .failed
        case "5": .held
        default: .running
        }
    }
}

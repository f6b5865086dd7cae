/// What Grid Engine tells of jobs: `qstat -xml`, and the files accounting(5) and reporting(5).
package enum GridEngineRecords {
    /// The jobs of a listing.
    package static func queue(_ listing: String, suffix: String = "") -> [BatchJob] {
        listing.matches(of: /<job_list\b[^>]*>(.*?)<\/job_list>/.dotMatchesNewlines()).map { match in
            let entry = String(match.1)
            let node = field("queue_name", of: entry).split(separator: "@").dropFirst().first.map { host($0, suffix) }
            return BatchJob(
                id: field("JB_job_number", of: entry), name: field("JB_name", of: entry),
                user: field("JB_owner", of: entry), state: state(field("state", of: entry)), exitCode: nil,
                nodes: node.map { [$0] } ?? [])
        }
    }

    /// The letters of qstat(1).
    package static func state(_ letters: String) -> BatchJob.State {
        if letters.contains("E") { return .failed }
        if letters.contains("h") { return .held }
        return letters.contains("q") ? .pending : .running
    }

    /// A job that is not in the queue any more; nil if not enough has been written yet.
    ///
    /// The lines of both files that name the job are its records. What it was ended by is written a second after it has ended, and only
    /// if it was cancelled or killed does one have to wait for that.
    package static func ended(_ id: String, _ records: String, suffix: String = "") -> BatchJob? {
        let lines = records.split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
        func isLog(_ line: [String], _ kind: String) -> Bool { line.count > 19 && line[1] == kind }
        var ends = lines.filter { $0.count > 40 && $0[5] == id && !isLog($0, "acct") }
        let reported = lines.filter { $0.count > 42 && isLog($0, "acct") && $0[7] == id }.map { Array($0.dropFirst(2)) }
        let log = lines.filter { isLog($0, "job_log") && $0[4] == id }
        let cancelled = log.contains { $0[3] == "deleted" && $0.last == "job deleted" }
        if ends.isEmpty { ends = reported }
        guard !ends.isEmpty else {
            guard cancelled else { return nil }
            return BatchJob(id: id, name: log[0][13], user: log[0][14], state: .cancelled, exitCode: nil, nodes: [])
        }
        let parts = ends.map { end in
            let (code, trouble) = (Int(end[12]) ?? 0, end[11])
            return BatchJob(
                id: id, name: end[4], user: end[3],
                state: cancelled ? .cancelled : code == 0 && trouble == "0" ? .completed : .failed,
                exitCode: code, nodes: [host(Substring(end[1]), suffix)])
        }
        let wasKilled = ends.contains { $0[11] != "0" }
        if wasKilled, !cancelled, reported.isEmpty { return nil }
        return BatchJob.combined(parts, id: id)
    }

    /// A node's name, without the domain, and without what follows it in the network of a second interface.
    private static func host(_ name: Substring, _ suffix: String) -> String {
        let name = name.prefix { $0 != "." }
        return String(name.hasSuffix(suffix) ? name.dropLast(suffix.count) : name)
    }

    /// Each sign that XML has a meaning for is written as Grid Engine does, which is not XML's way.
    private static func field(_ name: String, of entry: String) -> String {
        guard let start = entry.firstRange(of: "<\(name)>"),
            let end = entry[start.upperBound...].firstRange(of: "</\(name)>")
        else { return "" }
        return String(entry[start.upperBound..<end.lowerBound])
            .replacing("%lt;", with: "<").replacing("%gt;", with: ">").replacing("&lt;", with: "<")
            .replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    }
}

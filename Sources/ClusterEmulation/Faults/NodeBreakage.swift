import CScripts
import Foundation

/// A way to break a node without its SSH, and to heal it.
protocol NodeBreakage: Sendable, Hashable {
    /// What is the matter then, for people.
    var words: String { get }
    /// What it takes on a node: of two that have the same, the later takes the place of the earlier.
    var place: String { get }
    /// Refuses what makes no sense, before anything is done.
    func check() throws
    /// Breaks it. Returns when it is in force.
    func begin(on node: String, of cluster: any BackendCluster) async throws
    /// Mends it; what is whole stays as it is.
    func end(on node: String, of cluster: any BackendCluster) async throws
}

extension NodeBreakage {
    func check() throws {}
}

/// A script of ours that breaks and heals something on a node, as its root.
struct NodeScript: Sendable {
    let program: [String]

    static let ssh = NodeScript(program: ["sh", "-c", String(cString: ssh_breaking_script()), "sh"])
    static let clock = NodeScript(program: ["sh", "-c", String(cString: clock_setting_script()), "sh"])
    static let names = NodeScript(program: ["python3", "-c", String(cString: names_breaking_program())])

    /// Runs it to its end, even if the task is cancelled: half of a fault is in nobody's interest.
    ///
    /// - Parameters:
    ///   - words: What the script is to do.
    ///   - node: The node's name.
    ///   - cluster: The node's cluster.
    ///   - failure: What to say if it fails, such as "sshd can't be broken".
    /// - Throws: ``ClusterError`` with the code `faultFailed` and the script's reason; or what keeps any program from running there.
    func run(_ words: [String], on node: String, of cluster: any BackendCluster, _ failure: String) async throws {
        let output = try await uncancelled { [program] in
            do { return try await cluster.execute(program + words, on: node) } catch let error as ClusterError
                where error.code == .connectionLost
            {
                let state = try await cluster.states()[node]
                let reason = state == .running ? ClusterError.sentence(error.message) : "\(node) has ended."
                throw ClusterError(
                    .connectionLost, "On \(node), \(failure): \(reason)", node: node, underlying: error,
                    remedy: state == .running ? error.remedy : "Start it first (`start`).")
            }
        }
        guard output.succeeded else {
            throw ClusterError(
                .faultFailed, "On \(node), \(failure): \(ClusterError.sentence(Self.cause(output.complaint)))",
                node: node, log: output.complaint.contains("\n") ? ClusterError.lastLines(output.complaint) : "")
        }
    }

    /// What is the matter, of all that a script or a program of Python's says when it fails.
    private static func cause(_ complaint: String) -> String {
        for (words, cause) in [
            ("Read-only file system", "its disk is read-only, which is to be healed first"),
            ("No space left on device", "its disk is full, which is to be healed first"),
            ("I/O error", "its disk is full, which is to be healed first"),
        ] where complaint.contains(words) { return cause }
        return complaint.split(separator: "\n").last.map(String.init) ?? complaint
    }

    /// A time as programs read it.
    static func seconds(_ time: Duration) -> String { String(format: "%.3f", time / .seconds(1)) }

    /// Refuses a delay that is none.
    static func check(_ time: Duration, _ what: String) throws(ClusterError) {
        guard time >= .milliseconds(1), time <= .seconds(86400) else {
            throw ClusterError(
                .invalidConfiguration, "\(what) \(time.inSeconds) late: a delay is 1 ms to a day.")
        }
    }
}

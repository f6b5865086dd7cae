#if os(Linux)
import Foundation
import Glibc

/// The process that holds a cluster together, as a file in the cluster's folder tells of it to other processes.
struct Lifeline: Sendable {
    let process: ProcessIdentity
    let summary: ClusterSummary

    /// Writes the file.
    static func note(_ process: pid_t, _ plan: ClusterPlan) throws {
        guard let identity = ProcessIdentity(running: process) else { return }
        let lines = [identity.text, plan.name, ProcessIdentity.current.text]
        try Workspace.write(lines.joined(separator: "\n"), to: plan.workspace.folder + "/lifeline")
    }

    /// The lifelines of all clusters whose folders are where this process makes its own.
    static func all() throws -> [Lifeline] {
        let place = (Workspace(cluster: "").folder as NSString).deletingLastPathComponent
        return try FileManager.default.contentsOfDirectory(atPath: place).filter { $0.hasPrefix("cf-") }.sorted()
            .compactMap { Lifeline(cluster: String($0.dropFirst(3)), folder: place + "/" + $0) }
    }

    static func find(_ cluster: ClusterPlan.ID) throws -> Lifeline? { try all().first { $0.summary.id == cluster } }

    private init?(cluster: ClusterPlan.ID, folder: String) {
        guard let text = try? String(contentsOfFile: folder + "/lifeline", encoding: .utf8) else { return nil }
        let lines = text.split(separator: "\n").map(String.init)
        guard lines.count == 3, let process = ProcessIdentity(text: lines[0]), !process.hasEnded else { return nil }
        self.process = process
        summary = ClusterSummary(id: cluster, name: lines[1], owner: ProcessIdentity(text: lines[2]), folder: folder)
    }

    func kill() { _ = Glibc.kill(process.processID, SIGKILL) }

    /// Returns when the process has ended, or is only waiting for its parent to take note of that. It is not a child of
    /// whoever asks, so it is looked at, every millisecond.
    func awaitEnd() async throws {
        while !process.hasEnded, !ProcessIdentity.isZombie(process.processID) {
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
#endif

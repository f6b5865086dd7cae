import Foundation

/// What is done with a cluster when the work on it is over: logs are saved, the cluster is removed or kept.
package struct Aftermath: Sendable {
    private let cluster: Cluster
    private let failed: Bool
    private let work: String

    /// Describes the end of some work on a cluster.
    ///
    /// - Parameters:
    ///   - cluster: The cluster.
    ///   - failed: Whether the work failed.
    ///   - work: What it was, for messages: the name of a test, say.
    package init(of cluster: Cluster, failed: Bool, work: String) {
        self.cluster = cluster
        self.failed = failed
        self.work = work
    }

    /// Does it, to the end even when the task is cancelled.
    ///
    /// - Parameter attach: Gets the name and the text of each log that is saved.
    /// - Throws: ``ClusterError`` with the code `teardownFailed`.
    package func settle(attach: @escaping @Sendable (String, String) -> Void = { _, _ in }) async throws {
        try await uncancelled {
            if failed { await saveLogs(attach) }
            if Retention.current.keeps(failed: failed) {
                Progress.say("\(work) is over; \(try await cluster.keep())")
            } else {
                try await cluster.stop()
            }
        }
    }

    /// A failure is reported with or without logs: trouble with them is told, not thrown.
    private func saveLogs(_ attach: @Sendable (String, String) -> Void) async {
        do {
            let folder = Self.logFolder + "/\(cluster.name)-\(cluster.id)"
            for (node, log) in try await cluster.saveLogs(in: folder, permissions: 0o700) {
                attach("\(cluster.name)-\(node).log", log)
            }
            Progress.say("\(work) failed; the logs of its nodes are in \(folder)")
        } catch {
            Progress.say("\(work) failed; the logs of its nodes could not be saved: \(error)")
        }
    }

    /// Where logs go: what `CLUSTER_FIXTURE_LOGS` names, else a folder of this user's among the temporary ones.
    package static var logFolder: String {
        let environment = ProcessInfo.processInfo.environment
        return environment["CLUSTER_FIXTURE_LOGS"] ?? (environment["TMPDIR"] ?? "/tmp")
            + "/cluster-fixture-logs-\(geteuid())"
    }
}

extension Cluster {
    /// Writes each node's log to a file NODE.log.
    ///
    /// - Parameters:
    ///   - folder: Where; made if need be.
    ///   - permissions: The mode of a folder that is made; the process's own wish by default.
    /// - Returns: The logs by their nodes' names, sorted.
    /// - Throws: If the backend can't be asked, or a file can't be written.
    package func saveLogs(in folder: String, permissions: Int? = nil) async throws -> [(node: String, log: String)] {
        let logs = try await logs().sorted { $0.key < $1.key }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: permissions.map { [.posixPermissions: $0] })
        for (node, log) in logs { try Data(log.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(node).log")) }
        return logs.map { ($0.key, $0.value) }
    }
}

/// When a cluster is kept after the work on it: what `CLUSTER_FIXTURE_KEEP` says.
package enum Retention: String {
    case never, failure, always

    package static var current: Retention {
        let wish = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_KEEP"] ?? ""
        return Retention(rawValue: wish) ?? .never
    }

    package func keeps(failed: Bool) -> Bool { self == .always || self == .failure && failed }
}

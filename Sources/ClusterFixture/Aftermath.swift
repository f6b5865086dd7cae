import ClusterEmulation
import Foundation
import Testing

/// What is done with a cluster when its test is over: logs are saved, the cluster is removed or kept.
struct Aftermath: Sendable {
    let cluster: Cluster
    let failed: Bool
    /// The test's name, for the message.
    let test: String

    /// Carried to its end even when the test's task is cancelled.
    func settle() async throws {
        try await Task {
            if failed { await saveLogs() }
            if Retention.current.keeps(failed: failed) {
                Progress.say(try await cluster.keep())
            } else {
                try await cluster.stop()
            }
        }.value
    }

    /// A test that failed is reported with or without logs: trouble with them is told, not thrown.
    private func saveLogs() async {
        do {
            let logs = try await cluster.logs()
            let folder = Self.logFolder + "/\(cluster.name)-\(cluster.id)"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for (node, log) in logs.sorted(by: { $0.key < $1.key }) {
                try Data(log.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(node).log"))
                Attachment.record(log, named: "\(cluster.name)-\(node).log")
            }
            Progress.say("\(test) failed; the logs of its nodes are in \(folder)")
        } catch {
            Progress.say("\(test) failed; the logs of its nodes could not be saved: \(error)")
        }
    }

    private static var logFolder: String {
        let environment = ProcessInfo.processInfo.environment
        return environment["CLUSTER_FIXTURE_LOGS"] ?? (environment["TMPDIR"] ?? "/tmp") + "/cluster-fixture-logs"
    }
}

/// When a cluster is kept after its test: what `CLUSTER_FIXTURE_KEEP` says.
enum Retention: String {
    case never, failure, always

    static var current: Retention {
        let wish = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_KEEP"] ?? ""
        return Retention(rawValue: wish) ?? .never
    }

    func keeps(failed: Bool) -> Bool { self == .always || self == .failure && failed }
}

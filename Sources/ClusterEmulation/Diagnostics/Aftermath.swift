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

    /// Saves, removes or keeps. This is completed even when the task is cancelled.
    ///
    /// - Parameter attach: Gets the name and the text of each log that is saved.
    /// - Throws: ``ClusterError`` with the code `teardownFailed`.
    package func settle(attach: @escaping @Sendable (String, String) -> Void = { _, _ in }) async throws {
        try await uncancelled {
            if failed { await saveLogs(attach) }
            // What the variable says was checked when the cluster started: only this process can have changed it since.
            if (try? Retention.current)?.keeps(failed: failed) == true {
                Progress.say("\(work) is over; \(try await cluster.keep())")
            } else {
                try await cluster.stop()
            }
        }
    }

    /// A failure is reported with or without logs: trouble with them is printed, not thrown.
    private func saveLogs(_ attach: @Sendable (String, String) -> Void) async {
        do {
            _ = try OwnFolder.ensured(Self.logFolder, for: .anyone)
            // New, so that nobody can have put anything there.
            let folder = try OwnFolder.make("\(Self.logFolder)/\(cluster.name)-\(cluster.id)")
            for (node, log) in try await cluster.saveLogs(in: folder) { attach("\(cluster.name)-\(node).log", log) }
            Progress.say("\(work) failed; the logs of its nodes are in \(folder.path)")
        } catch {
            Progress.say("\(work) failed; the logs of its nodes could not be saved: \(error)")
        }
    }

    /// Where logs go: what `CLUSTER_FIXTURE_LOGS` names, else `logs` in the user's folder for state.
    package static var logFolder: String {
        let named = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_LOGS"] ?? ""
        return named.isEmpty ? UserFolders.state + "/logs" : named
    }
}

extension Cluster {
    /// Writes each node's log to a file NODE.log, in the place of one that is there.
    ///
    /// - Returns: The logs by their nodes' names, sorted.
    /// - Throws: If the backend can't be asked, or a file can't be written.
    package func saveLogs(in folder: OwnFolder) async throws -> [(node: String, log: String)] {
        let logs = try await logs().sorted { $0.key < $1.key }
        for (node, log) in logs { try folder.replace("\(node).log", with: log, mode: 0o644) }
        return logs.map { ($0.key, $0.value) }
    }
}

/// When a cluster is kept after the work on it: what `CLUSTER_FIXTURE_KEEP` says.
package enum Retention: String, CaseIterable {
    case never, failure, always

    /// What this process's environment says.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if it says something else.
    package static var current: Retention {
        get throws { try Retention(wish: ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_KEEP"] ?? "") }
    }

    /// Reads the variable's value; an empty one is `never`.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`. A misspelt value would otherwise remove the very
    ///   cluster that somebody wanted to look at.
    package init(wish: String) throws {
        guard let retention = wish.isEmpty ? .never : Retention(rawValue: wish) else {
            throw ClusterError(
                .invalidConfiguration,
                "CLUSTER_FIXTURE_KEEP is \"\(ClusterConfiguration.printable(wish))\", which is not one of its values.",
                remedy: "Use \(Self.allCases.map(\.rawValue).joined(separator: ", ")), or unset the variable.")
        }
        self = retention
    }

    package func keeps(failed: Bool) -> Bool { self == .always || self == .failure && failed }
}

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
    /// - Parameters:
    ///   - removing: Whether it goes now, if it is not kept: others may have it after this work.
    ///   - attach: Gets the name and the text of each file that is saved.
    /// - Returns: The folder with what was saved; nil if nothing was.
    /// - Throws: ``ClusterError`` with the code `teardownFailed`.
    @discardableResult
    package func settle(
        removing: Bool = true, attach: @escaping @Sendable (String, String) -> Void = { _, _ in }
    ) async throws -> String? {
        try await uncancelled {
            let folder = failed ? await keepEvidence(attach: attach) : nil
            if failed, (try? Breakpoint.current) == .failure { await cluster.hold(after: work, evidence: folder) }
            // What the variable says was checked when the cluster started: only this process can have changed it since.
            if (try? Retention.current)?.keeps(failed: failed) == true, removing || !cluster.isEnded {
                Progress.say("\(work) is over; \(try await cluster.keep())")
            } else if removing {
                try await cluster.stop()
            }
            return folder
        }
    }

    /// A failure is reported with or without evidence: trouble with it is printed, not thrown.
    ///
    /// - Parameter attach: Gets the name and the text of each file that is saved.
    /// - Returns: The folder with what was saved; nil if nothing was.
    @discardableResult
    package func keepEvidence(attach: @Sendable (String, String) -> Void) async -> String? {
        do {
            let folder = try Self.newFolder(for: cluster.handle.summary)
            let evidence = await cluster.evidence(of: work)
            try evidence.write(to: folder)
            for file in evidence.files { attach("\(cluster.name)-\(file.name)", file.text) }
            Progress.say("\(work) failed; the logs of its nodes are in \(folder.path)")
            Progress.say("what happened, on one page: \(folder.path)/timeline.html")
            return folder.path
        } catch {
            Progress.say("\(work) failed; the logs of its nodes could not be saved: \(error)")
            return nil
        }
    }

    /// A folder for what is saved of a cluster: new, so that nobody can have put anything there.
    package static func newFolder(for cluster: ClusterSummary) throws -> OwnFolder {
        _ = try OwnFolder.ensured(logFolder, for: .anyone)
        let path = "\(logFolder)/\(cluster.name)-\(cluster.id)"
        // It may be the second time: a cluster that stays is asked again and again.
        let other = (2...).lazy.map { "\(path)-\($0)" }.first { !FileManager.default.fileExists(atPath: $0) }
        if FileManager.default.fileExists(atPath: path), let other { return try OwnFolder.make(other) }
        return try OwnFolder.make(path)
    }

    /// Where logs go: what `CLUSTER_FIXTURE_LOGS` names, else `logs` in the user's folder for state.
    package static var logFolder: String {
        let named = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_LOGS"] ?? ""
        return named.isEmpty ? UserFolders.state + "/logs" : named
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

#if os(Linux)
import Foundation
import Glibc

/// The process that holds a cluster together, as any process of the same user can find it.
///
/// It bears a name of its own and stands in its cluster's folder, where a file says what cluster it is. So no list of
/// clusters has to be kept, and wherever a cluster's folder is, it is found.
///
/// A name and a place are anybody's. It is believed only if it is this user's process through and through, and if a folder
/// that only this user can have written, the marked one of a cluster, names this very process.
struct Lifeline: Sendable {
    let process: ProcessIdentity
    let summary: ClusterSummary

    /// Writes the file.
    static func note(_ process: ProcessIdentity, _ plan: ClusterPlan) throws {
        let lines = [process.text, plan.name]
        try OwnFolder(plan.workspace.folder).write(lines.joined(separator: "\n"), to: file)
    }

    /// The lifelines of this user's clusters.
    static func all() throws -> [Lifeline] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.compactMap(Lifeline.init)
    }

    private init?(process: pid_t) {
        guard let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8), name == "cf-lifeline\n",
            ProcessIdentity.isOwn(process, as: ClusterUsers.root), let running = ProcessIdentity(running: process),
            let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")
        else { return nil }
        let workspace = Workspace(folder: (place as NSString).deletingLastPathComponent)
        guard let (folder, mark) = workspace.opened, mark.backend == NamespacesBackend.identifier,
            let text = try? folder.read(Self.file)
        else { return nil }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
        guard lines.count == 2, let identity = ProcessIdentity(text: lines[0]), identity.isSameProcess(as: running),
            ClusterConfiguration.isValidName(lines[1])
        else { return nil }
        self.process = identity
        summary = ClusterSummary(
            id: mark.cluster, name: lines[1], backend: mark.backend, owner: mark.owner, workspace: workspace)
    }

    private static let file = "lifeline"
}
#endif

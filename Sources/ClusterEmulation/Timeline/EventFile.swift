package import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The file in a cluster's folder to which all its processes add what they do to it: faults from the command line, say.
///
/// Its maker's own events are in that process's memory, and get here when it lets go of the cluster.
package struct EventFile: TimelineReader {
    private static let name = "events.jsonl"
    /// In bytes: what comes when it has as many is not added.
    private static let largest: off_t = 8 << 20

    private let workspace: Workspace
    private let beginning: Date

    package init(_ workspace: Workspace, beginning: Date = Date()) {
        (self.workspace, self.beginning) = (workspace, beginning)
    }

    /// Adds an event.
    package func read(_ event: Event) { append([TimelineEntry(event, since: beginning)]) }

    /// Adds entries, each as a line that no other process's gets between. Where that can't be, what was to be done is done all the same.
    func append(_ entries: [TimelineEntry]) {
        guard let folder = workspace.opened?.folder,
            let file = try? folder.appendableFile(Self.name)
        else { return }
        defer { close(file) }
        for entry in entries {
            var status = stat()
            guard fstat(file, &status) == 0, status.st_size < Self.largest else { return }
            let line = Array(entry.line.utf8)
            _ = write(file, line, line.count)
        }
    }

    /// What was added so far.
    package var entries: [TimelineEntry] {
        guard let data = try? workspace.opened?.folder.read(Self.name) else { return [] }
        return TimelineEntry.all(data)
    }
}

extension Timeline {
    /// Of a cluster that was found: whatever this process does to it is added to its file.
    package convenience init(of cluster: ClusterSummary) {
        // No other process's faults have such numbers.
        self.init([EventFile(cluster.workspace)], lastFault: Int.random(in: 1 << 24..<1 << 52))
    }
}

extension ListedCluster {
    /// Where this process notes what it does to the cluster.
    package var timeline: Timeline { Timeline(of: summary) }
}

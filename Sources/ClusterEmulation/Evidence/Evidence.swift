import Foundation

/// What is known of a cluster when something has failed: how each node is doing, and all that happened.
package struct Evidence: Sendable {
    package let cluster: String
    package let id: String
    package let backend: String
    /// What has failed: the name of a test, say.
    package let work: String
    package let nodes: [NodeEvidence]
    package let chronicle: Chronicle
    private let packetsFolder: String

    /// Asks all nodes of a cluster, which may be broken in any way.
    ///
    /// - Parameters:
    ///   - cluster: The cluster.
    ///   - timeline: What this process knows of it, if it has made it.
    ///   - logs: The files in which services log on each node.
    ///   - secrets: What must not be shown.
    ///   - work: What has failed.
    package init(
        of cluster: any BackendCluster, timeline: Timeline?, logs: [String: [String]], secrets: Secrets, work: String
    ) async {
        let (summary, nodes) = (cluster.summary, cluster.nodes)
        let known = nodes.flatMap { [$0.name, $0.fqdn, $0.ip] } + User.allCases.map(\.rawValue) + [summary.name]
        let secrets = secrets.without(known)
        let file = EventFile(summary.workspace).entries
        let names = nodes.map(\.name)
        let before = Chronicle(timeline, file: file, nodes: names, secrets: secrets)
        let frozen = before.entries.filter { $0.kind == "frozen" && $0.until == nil }.flatMap { $0.nodes ?? [] }
        let found = await NodeExamination(cluster: cluster, nodes: nodes, logs: logs, frozen: Set(frozen)).run()
        let ended = Set(found.filter { $0.state.hasPrefix("ended") }.map(\.name))
        var dates: [String: Date] = [:]
        if !ended.isEmpty, let telling = cluster as? any NodeEnds {
            dates = (try? await attended(for: .seconds(5)) { try await telling.endDates() }.get()) ?? [:]
        }
        let ends = Dictionary(uniqueKeysWithValues: ended.map { ($0, dates[$0]) })
        (self.cluster, id, backend, self.work) = (summary.name, "\(summary.id)", summary.backend, secrets.masked(work))
        chronicle = Chronicle(timeline, file: file, ends: ends, nodes: names, secrets: secrets)
        self.nodes = found.map { $0.masked(secrets) }
        packetsFolder = summary.workspace.packetsFolder
    }

    /// The files that tell it, by their names.
    package var files: [(name: String, text: String)] {
        [
            ("timeline.html", TimelinePage(self).text), ("timeline.jsonl", chronicle.lines),
            ("junit.xml", JUnitReport(self).text),
        ]
            + nodes.flatMap { node in
                [("\(node.name).log", node.log), ("\(node.name).txt", report(of: node))]
                    + node.serviceLogs.map { ("\(node.name).\(Self.fileName($0.title, in: node))", $0.text) }
            }
    }

    /// A log's own name; with its folders if two logs have it, or it would be one of ours.
    private static func fileName(_ path: String, in node: NodeEvidence) -> String {
        func name(_ path: String) -> String { (path as NSString).lastPathComponent }
        let isUnique = node.serviceLogs.count { name($0.title) == name(path) } == 1
        return isUnique && !["log", "txt"].contains(name(path))
            ? name(path) : path.split(separator: "/").joined(separator: "-")
    }

    /// Writes the files, each in the place of one that is there. One that can't be written is not in the way of the others.
    ///
    /// - Throws: Why the first could not be written.
    package func write(to folder: OwnFolder) throws {
        var failures: [any Error] = []
        func attempt(_ body: () throws -> Void) { do { try body() } catch { failures.append(error) } }
        for file in files { attempt { try folder.replace(file.name, with: file.text, mode: 0o644) } }
        for node in nodes {
            // One after the other: a hundred nodes' packets are more than memory may hold.
            guard let packets = PacketFile(of: node.name, in: packetsFolder).data else { continue }
            attempt { try folder.replace("\(node.name).pcap", with: packets) }
        }
        if let failure = failures.first { throw failure }
    }

    /// A node's text: how it is doing, and the commands that were run on it.
    func report(of node: NodeEvidence) -> String {
        let head = [node.name, node.role, node.ip, node.state].compactMap(\.self).joined(separator: " · ")
        let commands = chronicle.entries.filter { $0.nodes == [node.name] && Self.done.contains($0.kind) }
        let parts = node.parts + [.init(title: "commands", text: commands.map(\.report).joined())]
        let texts = parts.map { "\n── \($0.title) ──\n\($0.text.trimmingCharacters(in: .newlines))\n" }
        return "\(head)\n" + texts.joined()
    }

    private static let done: Set<String> = ["command", "upload", "download", "login", "forward"]
}

extension NodeEvidence {
    fileprivate func masked(_ secrets: Secrets) -> NodeEvidence {
        NodeEvidence(
            name: name, role: role, ip: ip, state: state, log: secrets.masked(log),
            parts: parts.map { Part(title: $0.title, text: secrets.masked($0.text)) },
            serviceLogs: serviceLogs.map { Part(title: $0.title, text: secrets.masked($0.text)) })
    }
}

extension TimelineEntry {
    /// It as a person reads it: when, how long, who, what, how it ended, what was printed last.
    fileprivate var report: String {
        let begin = String(format: "%9.3f s", time)
        let ended =
            until.map { String(format: "took %.3f s", $0 - time) + (exitCode.map { ", exit code \($0)" } ?? "") }
            ?? "goes on"
        let what = kind == "command" ? text ?? "" : "\(kind) \(text ?? "")"
        var lines = ["\(begin)  \(user ?? "")  \(what.trimmingCharacters(in: .whitespaces))", "             \(ended)"]
        if let trouble { lines.append("             \(trouble)") }
        for printed in [output, complaint].compactMap(\.self) {
            lines += printed.filledLines.map { "             | \($0)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

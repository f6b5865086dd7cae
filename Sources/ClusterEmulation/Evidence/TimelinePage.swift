import CScripts
import Foundation

/// The page that shows a timeline: one file, which asks nobody for anything.
struct TimelinePage {
    private let evidence: Evidence

    init(_ evidence: Evidence) { self.evidence = evidence }

    private struct Data: Encodable {
        let cluster: String
        let id: String
        let backend: String
        let work: String
        let began: String
        let end: Double
        let nodes: [Node]
        let entries: [TimelineEntry]
    }

    private struct Node: Encodable {
        let name: String
        let role: String?
        let ip: String
        let state: String
        let report: String
        let logs: [Log]
    }

    private struct Log: Encodable {
        let title: String
        let text: String
    }

    /// All nodes' texts together have so many bytes at most, so that a browser opens the page of any cluster. The files beside it have all.
    private static let mostText = 6 << 20

    var text: String {
        let nodes = evidence.nodes.map { node in
            let logs = [.init(title: "sshd and the machine", text: node.log)] + node.serviceLogs
            let share = min(Self.mostText / max(evidence.nodes.count, 1) / (logs.count + 1), 128 << 10)
            return Node(
                name: node.name, role: node.role, ip: node.ip, state: node.state,
                report: evidence.report(of: node).cut(to: share),
                logs: logs.map { Log(title: $0.title, text: $0.text.tail(share)) })
        }
        let data = Data(
            cluster: evidence.cluster, id: evidence.id, backend: evidence.backend, work: evidence.work,
            began: TimelineEntry.text(of: evidence.chronicle.beginning), end: evidence.chronicle.end, nodes: nodes,
            entries: evidence.chronicle.entries)
        let template = String(cString: timeline_page_template())
        let parts = template.components(separatedBy: "/*DATA*/")
        return parts[0] + Self.embedded(data) + parts[1]
    }

    /// JSON that no `</script>` and no `<!--` in it can end.
    private static func embedded(_ data: Data) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Of such values it can't fail.
        let text = String(decoding: (try? encoder.encode(data)) ?? Foundation.Data(), as: UTF8.self)
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": result.append(contentsOf: "\\u003c".unicodeScalars)
            case ">": result.append(contentsOf: "\\u003e".unicodeScalars)
            case "&": result.append(contentsOf: "\\u0026".unicodeScalars)
            case "\u{2028}": result.append(contentsOf: "\\u2028".unicodeScalars)
            case "\u{2029}": result.append(contentsOf: "\\u2029".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}

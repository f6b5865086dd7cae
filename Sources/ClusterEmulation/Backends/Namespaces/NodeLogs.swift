#if os(Linux)
import Foundation

/// What a cluster's programs write, as files in its folder: a node's sshd, and the program that leads outside.
enum NodeLogs {
    static func folder(of cluster: String) -> String { cluster + "/logs" }

    static func file(_ name: String, of cluster: String) -> String { "\(folder(of: cluster))/\(name).log" }

    /// The nodes' logs, by their names.
    static func all(of cluster: String) -> [String: String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder(of: cluster))) ?? []
        let nodes = files.filter { $0.hasPrefix("node") }.map { ($0 as NSString).deletingPathExtension }
        return Dictionary(
            uniqueKeysWithValues: nodes.map { node in
                (node, (try? String(contentsOfFile: file(node, of: cluster), encoding: .utf8)) ?? "")
            })
    }
}
#endif

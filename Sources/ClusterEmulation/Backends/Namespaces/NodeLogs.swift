#if os(Linux)
import Foundation

/// What a cluster's programs write, as files in its folder: a node's sshd, and the program that leads outside.
enum NodeLogs {
    static func folder(of cluster: String) -> String { cluster + "/logs" }

    static func file(_ name: String, of cluster: String) -> String { "\(folder(of: cluster))/\(name).log" }

    /// A node's log, or another program's; empty if there is none.
    static func text(_ name: String, of cluster: String) -> String {
        (try? String(contentsOfFile: file(name, of: cluster), encoding: .utf8)) ?? ""
    }
}
#endif

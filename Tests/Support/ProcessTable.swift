import Foundation

/// The processes of this machine, as `/proc` or `ps` tells.
package enum ProcessTable {
    /// The command lines that contain a text.
    package static func commandLines(containing text: String) throws -> [String] {
        try processes(containing: text).map(\.line)
    }

    /// The processes whose command lines contain a text.
    package static func processes(containing text: String) throws -> [(id: Int32, line: String)] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { entry in
            guard let id = Int32(entry), let line = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline")
            else {
                return nil
            }
            let words = String(decoding: line, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
            return words.contains(text) ? (id, words) : nil
        }
    }
}

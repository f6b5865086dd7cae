import Foundation

/// The processes of this machine, as `/proc` or `ps` tells.
package enum ProcessTable {
    /// The command lines that contain a text.
    package static func commandLines(containing text: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { entry in
            guard Int(entry) != nil, let line = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") else {
                return nil
            }
            let words = String(decoding: line, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
            return words.contains(text) ? words : nil
        }
    }
}

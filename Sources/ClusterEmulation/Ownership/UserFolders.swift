import Foundation

/// This user's own places, by the XDG Base Directory Specification.
package enum UserFolders {
    /// What is worth keeping, and can be made again: `cluster-fixture` in `$XDG_CACHE_HOME`, or in `~/.cache`.
    package static var cache: String { folder("XDG_CACHE_HOME", else: ".cache") }

    /// What is worth keeping, and can't be made again: `cluster-fixture` in `$XDG_STATE_HOME`, or in `~/.local/state`.
    package static var state: String { folder("XDG_STATE_HOME", else: ".local/state") }

    /// A variable that is empty, or holds no absolute path, counts as not set.
    package static func folder(
        _ variable: String, else place: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String {
        if let named = environment[variable], named.hasPrefix("/") { return named + "/cluster-fixture" }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? NSHomeDirectory()
        return "\(home)/\(place)/cluster-fixture"
    }
}

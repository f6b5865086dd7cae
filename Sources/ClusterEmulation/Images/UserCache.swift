import Foundation

/// Where the user's caches are: what is worth keeping, and can be made again.
package enum UserCache {
    /// `cluster-fixture` in `$XDG_CACHE_HOME`, or in `~/.cache`.
    package static var folder: String {
        let environment = ProcessInfo.processInfo.environment
        let caches = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/root") + "/.cache"
        return caches + "/cluster-fixture"
    }
}

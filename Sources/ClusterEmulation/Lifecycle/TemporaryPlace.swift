import Foundation

/// Where clusters have their folders: `TMPDIR`, or `/tmp` where that can't be used.
package struct TemporaryPlace: Sendable {
    package let folder: String
    /// Why `TMPDIR` is not used; nil if it is.
    package let objection: String?

    /// - Parameter wish: What `TMPDIR` says.
    package init(_ wish: String?) {
        guard let wish, !wish.isEmpty else {
            (folder, objection) = ("/tmp", nil)
            return
        }
        objection = Self.objection(to: wish)
        var path = objection == nil ? wish : "/tmp"
        while path.hasSuffix("/"), path != "/" { path.removeLast() }
        folder = path
    }

    private static func objection(to path: String) -> String? {
        if !path.hasPrefix("/") { return "is not absolute" }
        // A socket's path has 104 bytes (on Linux 108), of which a cluster's folder and OpenSSH need the rest.
        if path.utf8.count > 55 { return "has more than 55 bytes, too many for the path of a socket" }
        // It goes into ssh_config, an Ansible inventory, a PATH and `docker --mount`, each of which has characters with a
        // meaning of their own.
        let isHarmless = path.allSatisfy { $0.isLetter || $0.isNumber || "/._-+@ ".contains($0) }
        return isHarmless ? nil : "has characters besides letters, digits, spaces and /._-+@"
    }

    /// The place that this process uses. If `TMPDIR` is not used, that is said once.
    static var current: String {
        let wish = ProcessInfo.processInfo.environment["TMPDIR"]
        let place = TemporaryPlace(wish)
        if let objection = place.objection, said.withLock({ $0.insert(objection).inserted }) {
            Progress.say("TMPDIR \(objection): clusters have their folders in \(place.folder)")
        }
        return place.folder
    }

    /// Whether a path is below what `TMPDIR` names, and that is not a folder.
    static func isMissing(for path: String) -> Bool {
        guard let wish = ProcessInfo.processInfo.environment["TMPDIR"], !wish.isEmpty, path.hasPrefix(wish) else {
            return false
        }
        var isFolder: ObjCBool = false
        return !FileManager.default.fileExists(atPath: wish, isDirectory: &isFolder) || !isFolder.boolValue
    }

    private static let said = Locked<Set<String>>([])

    /// What to do where nothing can be written.
    static let remedy = "See that the disk is not full, or set TMPDIR to a folder that this user can write to."
}

import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Whether anybody but root and this user could have put there what is at a path.
enum PathTrust {
    /// A place where they could.
    struct Flaw: Sendable, Hashable {
        /// What mends it.
        let remedy: String
        /// What it is: a clause.
        let sentence: String
    }

    /// A path without symbolic links: what is checked has to be what is used. Nil if nothing is there.
    static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The first place at fault, from a path without symbolic links up to `/`; nil if there is none.
    ///
    /// The rule is OpenSSH's for `authorized_keys`: each folder belongs to root or this user, and nobody else may write
    /// to it. In a sticky folder, such as `/tmp`, others can't touch what is this user's.
    static func flaw(of path: String) -> Flaw? {
        var place = path
        while true {
            var status = stat()
            guard lstat(place, &status) == 0 else {
                return Flaw(remedy: "Run it again.", sentence: "\(place) is not there any more")
            }
            if status.st_uid != 0, status.st_uid != geteuid() {
                return Flaw(
                    remedy: "Give it to this user (chown).",
                    sentence: "\(place) belongs to somebody else (uid \(status.st_uid))")
            }
            let isSticky = status.st_mode & S_ISVTX != 0 && status.st_mode & S_IFMT == S_IFDIR
            if status.st_mode & 0o022 != 0, !isSticky {
                return Flaw(
                    remedy: "Run `chmod go-w \(shellQuoted(place))`.",
                    sentence: "others may write to \(place) (mode \(String(status.st_mode & 0o7777, radix: 8)))")
            }
            if place == "/" { return nil }
            place = (place as NSString).deletingLastPathComponent
        }
    }
}

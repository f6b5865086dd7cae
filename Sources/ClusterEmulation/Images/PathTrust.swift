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
        /// What heals it.
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
    /// The rule is OpenSSH's for `authorized_keys`, as Debian has it: each folder belongs to root or this user, and nobody
    /// else may write to it. In a sticky folder, such as `/tmp`, others can't touch what is this user's. A group that has
    /// no other member is nobody else: where users have one, what they make is open to it (umask 002).
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
            let isOpen =
                status.st_mode & S_IWOTH != 0 || status.st_mode & S_IWGRP != 0 && !isPrivate(group: status.st_gid)
            if isOpen, !isSticky {
                return Flaw(
                    remedy: "Run `chmod go-w \(shellQuoted(place))`.",
                    sentence: "others may write to \(place) (mode \(String(status.st_mode & 0o7777, radix: 8)))")
            }
            if place == "/" { return nil }
            place = (place as NSString).deletingLastPathComponent
        }
    }

    /// Whether a group is this user's primary one, bears this user's name, and has no other member.
    private static func isPrivate(group: gid_t) -> Bool {
        guard group == getegid() else { return false }
        var entry = GroupEntry()
        var found: UnsafeMutablePointer<GroupEntry>?
        var buffer = [CChar](repeating: 0, count: 1 << 16)
        guard getgrgid_r(group, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return false }
        let user = NSUserName()
        var members = entry.gr_mem
        while let member = members?.pointee {
            if String(cString: member) != user { return false }
            members = members?.successor()
        }
        return String(cString: entry.gr_name) == user
    }
}

/// The C structure, whose name is a common word.
private typealias GroupEntry = group

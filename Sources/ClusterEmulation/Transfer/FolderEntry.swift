#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A name in a folder as the system has it: bytes, which need not be text.
struct EntryName: Hashable, Sendable {
    /// With the zero byte that ends it.
    let bytes: [CChar]

    init(_ text: String) { bytes = Array(text.utf8CString) }

    init(copying pointer: UnsafePointer<CChar>) {
        bytes = Array(UnsafeBufferPointer(start: pointer, count: Int(strlen(pointer)) + 1))
    }

    /// As a person can read it, whatever is in it.
    var text: String {
        let bytes = bytes.dropLast().map { UInt8(truncatingIfNeeded: $0) }
        return ClusterConfiguration.printable(String(decoding: bytes, as: UTF8.self))
    }
}

/// What the system tells of an entry of a folder.
struct EntryStatus {
    enum Kind {
        case folder, file, link
        /// Something else, with a word for it.
        case other(String)
    }

    static let ownerRights: mode_t = 0o700

    private let found: stat

    init(_ found: stat) { self.found = found }

    var kind: Kind {
        switch found.st_mode & S_IFMT {
        case S_IFDIR: .folder
        case S_IFREG: .file
        case S_IFLNK: .link
        case S_IFIFO: .other("a named pipe")
        case S_IFSOCK: .other("a socket")
        default: .other("a device")
        }
    }

    var mode: mode_t { found.st_mode & 0o7777 }

    /// Whether it is this user's.
    var isOwn: Bool { found.st_uid == geteuid() }

    /// Whether its owner may do anything with it.
    var isAccessible: Bool { mode & Self.ownerRights == Self.ownerRights }

    /// Whether no other name leads to it.
    var hasOneName: Bool { found.st_nlink == 1 }

    /// The times of access and of change.
    var times: [timespec] {
        #if canImport(Darwin)
        return [found.st_atimespec, found.st_mtimespec]
        #else
        return [found.st_atim, found.st_mtim]
        #endif
    }

    func isSame(as other: EntryStatus) -> Bool {
        found.st_dev == other.found.st_dev && found.st_ino == other.found.st_ino
    }
}

import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A fingerprint of bytes, files and folders: of everything that goes into an image, so that it is built once and again only when that
/// changes.
package struct Fingerprint: Sendable {
    private var hash: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    /// The fingerprint as 16 hexadecimal digits.
    package var text: String {
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Adds bytes by FNV-1a (64 bits): it tells versions of one's own files apart, it does not withstand an attacker.
    package mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash = (hash ^ 0xff) &* 0x0000_0100_0000_01b3  // an end mark: "ab" + "c" is not "a" + "bc"
    }

    /// Adds the names, modes and contents of a file or of all files below a folder. Sockets and the like, which no
    /// image can hold, are passed over.
    package mutating func add(contentsOf path: String, named name: String) throws {
        let manager = FileManager.default
        var status = stat()
        // Not FileManager's attributes: it looks up the owner's name for each file, which takes longer than the rest.
        guard lstat(path, &status) == 0 else { return }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            for entry in try manager.contentsOfDirectory(atPath: path).sorted() {
                try add(contentsOf: path + "/" + entry, named: name + "/" + entry)
            }
        case S_IFLNK:
            add(name.utf8)
            add(try manager.destinationOfSymbolicLink(atPath: path).utf8)
        case S_IFREG:
            add(name.utf8)
            add(status.st_mode & S_IXUSR != 0 ? [1] : [0])
            add(try Data(contentsOf: URL(fileURLWithPath: path)))
        default: break
        }
    }

    /// Adds what a build is told.
    package mutating func add(_ target: String?, _ arguments: [String: String]) {
        add((target ?? "").utf8)
        for (key, value) in arguments.sorted(by: { $0.key < $1.key }) { add("\(key)=\(value)".utf8) }
    }

    /// The fingerprint of an image that is built from a Dockerfile of the user's.
    package static func of(
        dockerfile path: String, context: String, target: String?, arguments: [String: String]
    ) throws -> String {
        var fingerprint = Fingerprint()
        fingerprint.add(target, arguments)
        try fingerprint.add(contentsOf: path, named: "Dockerfile")
        try fingerprint.add(contentsOf: context, named: "")
        return fingerprint.text
    }
}

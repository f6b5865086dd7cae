import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A fingerprint of everything that goes into an image, so that an image is built once and again only when that
/// changes.
package struct ImageFingerprint {
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

    /// The fingerprint of an image that is built from a Dockerfile.
    package static func of(
        dockerfile path: String, context: String, target: String?, arguments: [String: String]
    ) throws -> String {
        var fingerprint = ImageFingerprint()
        fingerprint.add((target ?? "").utf8)
        for (key, value) in arguments.sorted(by: { $0.key < $1.key }) { fingerprint.add("\(key)=\(value)".utf8) }
        try fingerprint.add(contentsOf: path, named: "Dockerfile")
        for input in context == PackageFolder.path ? packageInputs : [""] {
            try fingerprint.add(contentsOf: context + "/" + input, named: input)
        }
        return fingerprint.text
    }

    /// What the package's own build sees of its checkout: the files that `.dockerignore` lets through.
    private static var packageInputs: [String] {
        let publicKeys = ["ssh/root", "ssh/mock_ubuntu"].flatMap { folder in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: PackageFolder.path + "/" + folder)) ?? []
            return names.filter { $0.hasSuffix(".pub") }.sorted().map { folder + "/" + $0 }
        }
        return ["docker", "ssh/authorize-keys"] + publicKeys
    }
}

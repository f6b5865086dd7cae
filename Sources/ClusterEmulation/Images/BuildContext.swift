import CBuildContext
import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What the package's own images are made of: files of `docker/` and `ssh/`, which travel inside the program, and the
/// certificate authorities that this machine trusts besides the usual ones.
///
/// Nothing is read from where the program was compiled: whoever makes that folder anew could have their own files run as
/// root.
package struct BuildContext: Sendable {
    /// One file.
    package struct File: Sendable, Hashable {
        /// Its path in the context.
        package let path: String
        package let bytes: [UInt8]
        package let isExecutable: Bool

        package init(path: String, bytes: [UInt8], isExecutable: Bool = false) {
            self.path = path
            self.bytes = bytes
            self.isExecutable = isExecutable
        }
    }

    /// The files, sorted by path.
    package let files: [File]
    /// What tells this content from any other.
    package let fingerprint: Fingerprint

    package init(_ files: [File]) {
        self.files = files.sorted { $0.path < $1.path }
        var fingerprint = Fingerprint()
        for file in self.files {
            fingerprint.add(file.path.utf8)
            fingerprint.add([file.isExecutable ? 1 : 0])
            file.bytes.withUnsafeBytes { fingerprint.add($0) }
        }
        self.fingerprint = fingerprint
    }

    /// That of this program on this machine.
    package static let own = BuildContext(embedded + CertificateAuthorities.ofThisMachine())

    /// What shapes the nodes' networks is made of these.
    package static let network = BuildContext(files(network_context_file))

    private static func files(_ file: (UInt) -> UnsafePointer<build_context_file>?) -> [File] {
        var files: [File] = []
        while let file = file(UInt(files.count))?.pointee {
            let bytes = UnsafeBufferPointer(start: file.bytes, count: Int(file.size))
            files.append(
                File(path: String(cString: file.path), bytes: Array(bytes), isExecutable: file.is_executable != 0))
        }
        return files
    }

    /// The files that travel inside the program.
    package static let embedded: [File] = {
        let files = Self.files(build_context_file)
        // Docker copies the folder of authorities even where there are none. With the same files as in a checkout, an
        // engine that has built the one need not build the other.
        return files + [File(path: "docker/ca-certificates/.gitkeep", bytes: [])]
    }()
}

extension BuildContext {
    /// Unpacks the files where that has not been done yet.
    ///
    /// They are written beside their place and moved there, so that they are there whole or not at all. What is there already
    /// is used if it is this user's alone and has the very same content, and made anew if not.
    ///
    /// - Parameter cache: The folder of caches to keep it in.
    /// - Returns: The folder, which is named by its content.
    /// - Throws: ``ClusterError`` with the code `imageUnavailable`.
    package func unpack(in cache: String = UserFolders.cache) throws -> String {
        let contexts = cache + "/contexts"
        try UserFolders.makeFolder(contexts)
        let place = PathTrust.resolved(contexts) ?? contexts
        if let flaw = PathTrust.flaw(of: place) {
            throw ClusterError(
                .imageUnavailable, "Nothing can be kept in \(place), since \(flaw.sentence).",
                remedy: "\(flaw.remedy) Or name another folder by XDG_CACHE_HOME.")
        }
        let folder = place + "/" + fingerprint.text
        if isUnpacked(in: folder) { return folder }
        let unfinished = "\(folder).\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
        do {
            try write(to: unfinished)
            if rename(unfinished, folder) != 0 {
                // Another process was quicker, or something else is in the place.
                if !isUnpacked(in: folder) {
                    try FileManager.default.removeItem(atPath: folder)
                    guard rename(unfinished, folder) == 0 else { throw UserFolders.failure(folder, errno) }
                } else {
                    try FileManager.default.removeItem(atPath: unfinished)
                }
            }
        } catch {
            try? FileManager.default.removeItem(atPath: unfinished)
            throw (error as? ClusterError) ?? UserFolders.failure(folder, error)
        }
        return folder
    }

    private func write(to folder: String) throws {
        try UserFolders.makeFolder(folder)
        for file in files {
            let path = folder + "/" + file.path
            // Below a folder that is this user's alone, modes are as in a checkout: images take them over.
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw UserFolders.failure(path, errno) }
            defer { close(descriptor) }
            try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(contentsOf: Data(file.bytes))
            fchmod(descriptor, file.isExecutable ? 0o755 : 0o644)
        }
    }

    /// Whether a folder is this user's alone and has these files with this content, and no others.
    private func isUnpacked(in folder: String) -> Bool {
        var status = stat()
        guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
            status.st_mode & 0o077 == 0, let found = FileManager.default.enumerator(atPath: folder)
        else { return false }
        var expected = Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0) })
        for case let name as String in found {
            guard lstat("\(folder)/\(name)", &status) == 0 else { return false }
            if status.st_mode & S_IFMT == S_IFDIR { continue }
            guard let file = expected.removeValue(forKey: name), status.st_mode & S_IFMT == S_IFREG,
                (status.st_mode & S_IXUSR != 0) == file.isExecutable,
                let data = FileManager.default.contents(atPath: "\(folder)/\(name)"), data.elementsEqual(file.bytes)
            else { return false }
        }
        return expected.isEmpty
    }
}

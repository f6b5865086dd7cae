package import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension OwnFolder {
    /// The largest file that is read: the inventory of a thousand nodes has a megabyte.
    private static let largest = 16 << 20

    /// Reads a file that nobody else can have written.
    ///
    /// - Throws: ``ClusterError`` if it is not there, or is a link, something other than a file, another user's,
    ///   writable for others, or larger than 16 MiB.
    package func read(_ name: String) throws -> Data {
        // Without O_NONBLOCK, a named pipe would be waited for.
        let file = try opened(name, O_RDONLY | O_NONBLOCK, 0)
        defer { close(file) }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: false)
        let data = try handle.read(upToCount: Self.largest + 1) ?? Data()
        guard data.count <= Self.largest else { throw failure(name, "it is larger than \(Self.largest) bytes") }
        return data
    }

    /// Writes a new file, which has its mode from the first moment on; fails if anything is there already.
    package func write(_ text: String, to name: String, mode: UInt16 = 0o600) throws {
        try write(Data(text.utf8), to: name, mode: mode)
    }

    /// Writes a new file, as with text.
    package func write(_ data: Data, to name: String, mode: UInt16 = 0o600) throws {
        let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(mode))
        guard file >= 0 else { throw notWritten(name, String(cString: strerror(errno))) }
        defer { close(file) }
        do {
            try FileHandle(fileDescriptor: file, closeOnDealloc: false).write(contentsOf: data)
        } catch {
            throw notWritten(name, ClusterError.cause(error))
        }
    }

    /// Writes a file in the place of what is there, be it a link: beside it, and moved there when it is whole.
    package func replace(_ name: String, with text: String, mode: UInt16 = 0o600) throws {
        try replace(name, with: Data(text.utf8), mode: mode)
    }

    /// Writes a file in the place of what is there, as with text.
    package func replace(_ name: String, with data: Data, mode: UInt16 = 0o600) throws {
        let beside = ".\(name).\(ClusterID.random())"
        try write(data, to: beside, mode: mode)
        guard renameat(descriptor, beside, descriptor, name) == 0 else {
            let cause = String(cString: strerror(errno))
            unlinkat(descriptor, beside, 0)
            throw failure(name, cause)
        }
    }

    /// Opens a file for locking, and makes it if it is not there. The caller closes it.
    package func lockFile(_ name: String) throws -> Int32 { try opened(name, O_RDWR | O_CREAT, 0o600) }

    /// Opens a file to add to its end, and makes it if it is not there. The caller closes it.
    func appendableFile(_ name: String) throws -> Int32 { try opened(name, O_WRONLY | O_APPEND | O_CREAT, 0o600) }

    private func opened(_ name: String, _ flags: Int32, _ mode: mode_t) throws -> Int32 {
        let file = openat(descriptor, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)
        guard file >= 0 else {
            throw failure(name, errno == ELOOP ? "it is a link" : String(cString: strerror(errno)))
        }
        var status = stat()
        let cause: String? =
            if fstat(file, &status) != 0 {
                String(cString: strerror(errno))
            } else if status.st_mode & S_IFMT != S_IFREG {
                "it is not a regular file"
            } else if status.st_uid != geteuid() {
                "it belongs to another user"
            } else if status.st_mode & 0o022 != 0 {
                "others may write to it"
            } else {
                nil
            }
        guard let cause else { return file }
        close(file)
        throw failure(name, cause)
    }

    /// The names of what is in the folder, sorted.
    package func names() throws -> [String] { try Self.names(in: descriptor, path).sorted() }

    /// The paths of the sockets in the folder that are this user's.
    package func sockets() throws -> [String] {
        try names().filter { name in
            var status = stat()
            return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFSOCK
                && status.st_uid == geteuid()
        }.map { "\(path)/\($0)" }
    }

    static func names(in descriptor: Int32, _ path: String) throws -> [String] {
        // A descriptor of its own, which is read from the beginning.
        let listing = openat(descriptor, ".", flags)
        guard listing >= 0, let stream = fdopendir(listing) else {
            let cause = String(cString: strerror(errno))
            if listing >= 0 { close(listing) }
            throw ClusterError(.provisioningFailed, "The folder \(path) can't be read: \(cause).")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private func notWritten(_ name: String, _ cause: String) -> ClusterError {
        ClusterError(.provisioningFailed, "\(path)/\(name) could not be written: \(cause).", remedy: Self.remedy)
    }

    func failure(_ name: String, _ cause: String) -> ClusterError {
        ClusterError(
            .provisioningFailed, "\(path)/\(name) can't be used: \(cause).",
            remedy: "See what it is (`ls -l`), and remove it if nobody needs it; or name another folder.")
    }
}

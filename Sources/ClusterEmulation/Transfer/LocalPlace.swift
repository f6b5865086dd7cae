import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A path of this machine, as something is copied from it or to it.
struct LocalPlace: Sendable {
    enum Kind: String, Sendable { case folder, link, file }

    /// Absolute, with a slash at its end if it was written with one.
    let path: String

    init(_ path: String) {
        self.path = path.utf8.first == UInt8(ascii: "/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// The folder that it is in and its name there. The name is nil for what has none of its own: `.`, `..` and `/`.
    var parts: (folder: String, name: String?) { Self.parts(of: path) }

    /// By bytes: to Swift, a slash with a combining accent behind it is another character.
    static func parts(of path: String) -> (folder: String, name: String?) {
        let slash = UInt8(ascii: "/")
        var bytes = Substring(path).utf8
        while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
        let beginning = bytes.lastIndex(of: slash).map { bytes.index(after: $0) } ?? bytes.startIndex
        let (folder, name) = (String(Substring(bytes[..<beginning])), String(Substring(bytes[beginning...])))
        return (folder.isEmpty ? "." : folder, ["", ".", ".."].contains(name) ? nil : name)
    }

    /// What is there; links are not followed, unless there is a slash behind them.
    ///
    /// - Throws: Why it can't be told, or can't be copied, in a few words.
    func kind() throws(Refusal) -> Kind {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw Refusal(
                errno == ENOENT ? "there is no file or folder of that name" : String(cString: strerror(errno)))
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .folder
        case S_IFLNK: return .link
        case S_IFSOCK: throw Refusal("it is a socket")
        default: return .file
        }
    }

    /// Whether it may be one of the kernel's own files, as in /proc, which don't say how long they are before they are read.
    var mayBeKernels: Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_blocks == 0
            && status.st_size <= 65536
    }

    /// Whether a folder is there, or a link to one.
    var isFolder: Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Why a copy can't be made or does not go there, in a few words.
    struct Refusal: Error {
        let words: String

        init(_ words: String) { self.words = words }
    }
}

/// Where a copy goes on this machine, as `cp -R` has it.
struct LocalTarget: Sendable {
    private let place: LocalPlace
    /// Whether the place is a folder into which the contents of another go.
    private let isContents: Bool

    /// - Parameters:
    ///   - target: What the user has written. If a folder is there, the copy goes into it.
    ///   - name: The name that the copy has there; nil if what is in a folder is copied, without the folder.
    init(_ target: String, copying name: String?) {
        let asked = LocalPlace(target)
        let goesInto = asked.isFolder
        isContents = goesInto && name == nil
        place = goesInto && name != nil ? LocalPlace(asked.path + "/" + (name ?? "")) : asked
    }

    /// The place's name, for an archive that is made for it. A link to a file is followed: what it leads to is written.
    func file(for kind: LocalPlace.Kind) throws(LocalPlace.Refusal) -> (folder: String, name: String) {
        var path = place.path
        var status = stat()
        if kind == .link ? lstat(path, &status) == 0 : stat(path, &status) == 0 {
            let type = status.st_mode & S_IFMT
            if type == S_IFDIR { throw LocalPlace.Refusal("\(path) is there and is a folder") }
            guard type == S_IFREG || type == S_IFLNK else {
                throw LocalPlace.Refusal("\(path) is there and is neither a file nor a folder")
            }
            if kind == .file, let real = realpath(path, nil) {
                path = String(cString: real)
                free(real)
            }
        } else if path.utf8.last == UInt8(ascii: "/") {
            throw LocalPlace.Refusal("there is no folder \(path)")
        }
        guard case (let folder, let name?) = LocalPlace.parts(of: path) else {
            throw LocalPlace.Refusal("\(path) is not a name that a file can have")
        }
        try requireFolder(folder)
        return (folder, name)
    }

    /// Says it plainly if a path has no folder to be in. Whatever else is the matter with it, those say who write there.
    private func requireFolder(_ path: String) throws(LocalPlace.Refusal) {
        var status = stat()
        guard stat(path, &status) != 0, errno == ENOENT else { return }
        throw LocalPlace.Refusal(
            "there is no folder \(path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)")
    }

    /// The folder for the contents of one that is copied, which is made if it is not there.
    func folder() throws(LocalPlace.Refusal) -> (path: String, isThere: Bool) {
        let path = place.path
        var status = stat()
        // What its name leads to may be gone into; what is within it is not to lead anywhere else.
        if isContents || lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR { return (path, true) }
        if lstat(path, &status) == 0 { throw LocalPlace.Refusal("\(path) is there and is not a folder") }
        try requireFolder(LocalPlace.parts(of: path).folder)
        guard mkdir(path, 0o700) == 0 else {
            throw LocalPlace.Refusal("\(path): \(String(cString: strerror(errno)))")
        }
        return (path, false)
    }

    /// Gives a folder the mode and the time that another has elsewhere, as `stat` writes them: octal digits, seconds.
    static func adopt(_ text: Substring, at folder: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, let mode = mode_t(words[0], radix: 8), let seconds = Int(words[1]) else { return }
        chmod(folder, mode & 0o777)
        let time = timeval(tv_sec: seconds, tv_usec: 0)
        utimes(folder, [time, time])
    }
}

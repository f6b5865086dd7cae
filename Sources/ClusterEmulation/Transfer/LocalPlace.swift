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

        /// What the system has just said.
        static func bySystem() -> Refusal { Refusal(String(cString: strerror(errno))) }

        /// The same, of a path.
        func of(_ path: String) -> Refusal { Refusal("\(path): \(words)") }
    }
}

/// Where a copy goes on this machine, as `cp -R` has it.
struct LocalTarget: Sendable {
    /// A name in a folder, or the folder itself.
    struct Destination: Sendable {
        /// The path of a folder that is there.
        let folder: String
        /// The name that the copy has in the folder; nil if what is in a copied folder goes into it.
        let name: String?
        /// Whether the folder's path may be that of a link, because the user has written it.
        let isFollowed: Bool

        var path: String {
            guard let name else { return folder }
            return folder.hasSuffix("/") ? folder + name : folder + "/" + name
        }
    }

    private let place: LocalPlace
    /// Whether the place is a folder into which the contents of another go.
    private let isContents: Bool
    /// Whether the user has written the place's name, which is the source's otherwise.
    private let isNamed: Bool

    /// - Parameters:
    ///   - target: What the user has written. If a folder is there, the copy goes into it.
    ///   - name: The name that the copy has there; nil if what is in a folder is copied, without the folder.
    init(_ target: String, copying name: String?) {
        let asked = LocalPlace(target)
        let goesInto = asked.isFolder
        isContents = goesInto && name == nil
        isNamed = !goesInto
        place = goesInto && name != nil ? LocalPlace(asked.path + "/" + (name ?? "")) : asked
    }

    /// Where a file or a link goes.
    ///
    /// A link to a file is followed if the user has named it: what it leads to is replaced. A link that was found in a folder may come from
    /// a node, and is replaced itself.
    func file(for kind: LocalPlace.Kind) throws(LocalPlace.Refusal) -> Destination {
        var path = place.path
        var status = stat()
        if kind == .link ? lstat(path, &status) == 0 : stat(path, &status) == 0 {
            let type = status.st_mode & S_IFMT
            if type == S_IFDIR { throw LocalPlace.Refusal("\(path) is there and is a folder") }
            guard type == S_IFREG || type == S_IFLNK else {
                throw LocalPlace.Refusal("\(path) is there and is neither a file nor a folder")
            }
            if kind == .file, isNamed, let real = realpath(path, nil) {
                path = String(cString: real)
                free(real)
            }
        } else if path.utf8.last == UInt8(ascii: "/") {
            throw LocalPlace.Refusal("there is no folder \(path)")
        }
        return try destination(path)
    }

    /// Where a folder goes: into the one that is there, or to a name that is free.
    func folder() throws(LocalPlace.Refusal) -> Destination {
        let path = place.path
        // What the user has named may be a link to a folder. What is within it is not to lead anywhere else.
        if isContents { return Destination(folder: path, name: nil, isFollowed: true) }
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw LocalPlace.Refusal("\(path) is there and is not a folder")
            }
            return Destination(folder: path, name: nil, isFollowed: false)
        }
        return try destination(path)
    }

    /// A path as a name in a folder.
    private func destination(_ path: String) throws(LocalPlace.Refusal) -> Destination {
        let (folder, name) = LocalPlace.parts(of: path)
        try requireFolder(folder)
        guard let name else { throw LocalPlace.Refusal("\(path) is not a name that anything can have") }
        return Destination(folder: folder, name: name, isFollowed: true)
    }

    /// Says it plainly if a path has no folder to be in. Whatever else is the matter with it, those say who write there.
    private func requireFolder(_ path: String) throws(LocalPlace.Refusal) {
        var status = stat()
        guard stat(path, &status) != 0, errno == ENOENT else { return }
        throw LocalPlace.Refusal(
            "there is no folder \(path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)")
    }
}

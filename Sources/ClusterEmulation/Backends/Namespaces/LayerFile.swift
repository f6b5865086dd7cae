#if os(Linux)
import Foundation
import Glibc

/// A file of a layer, which anybody may have made: it is read where it is the layer's own, and not where a link leads.
enum LayerFile {
    case absent
    /// It is there, and can't be had: a link, or behind one, something else than a file, too long, or no text.
    case unreadable
    case read(String)

    /// What nodes are told of stands in a few lines.
    private static let most = 1 << 20

    /// - Parameters:
    ///   - path: Its path in the layer, with a slash first.
    ///   - layer: The layer's folder.
    init(_ path: String, in layer: String) {
        var place = open(layer, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if place >= 0 { close(place) } }
        let parts = path.split(separator: "/").map(String.init)
        for part in parts.dropLast() where place >= 0 {
            let next = openat(place, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let cause = errno
            close(place)
            place = next
            errno = cause
        }
        let file = place < 0 ? -1 : openat(place, parts.last ?? "", O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else {
            self = errno == ENOENT ? .absent : .unreadable
            return
        }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= Self.most,
            let data = try? handle.read(upToCount: Self.most), let text = String(data: data, encoding: .utf8)
        else {
            self = .unreadable
            return
        }
        self = .read(text)
    }

    var text: String? { if case .read(let text) = self { text } else { nil } }

    var isAbsent: Bool { if case .absent = self { true } else { false } }
}
#endif

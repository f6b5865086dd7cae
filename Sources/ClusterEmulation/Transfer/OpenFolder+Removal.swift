#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension OpenFolder {
    func removeFile(_ name: EntryName) throws(LocalPlace.Refusal) {
        guard unlinkat(descriptor, name.bytes, 0) == 0 || errno == ENOENT else { throw LocalPlace.Refusal.bySystem() }
    }

    /// Removes a folder in this one, if it is empty.
    ///
    /// - Returns: Whether it is gone.
    @discardableResult
    func removeFolder(_ name: EntryName) -> Bool {
        unlinkat(descriptor, name.bytes, AT_REMOVEDIR) == 0 || errno == ENOENT
    }

    /// Removes everything in the folder that can be removed.
    ///
    /// A folder's folders are moved up into this one before it is removed. So it needs no more memory and no more descriptors
    /// where somebody has made folders within folders without end.
    func removeContents() {
        while let left = try? names(), !left.isEmpty {
            var hasRemoved = false
            for name in left {
                // What can't be removed does not keep the others.
                if (try? removeLevel(name)) != nil { hasRemoved = true }
            }
            guard hasRemoved else { return }
        }
    }

    /// Removes an entry; of a folder, what is in it moves up.
    private func removeLevel(_ name: EntryName) throws(LocalPlace.Refusal) {
        guard let status = try status(of: name) else { return }
        guard case .folder = status.kind else { return try removeFile(name) }
        if removeFolder(name) { return }
        _ = try makeAccessible(name, status)
        let folder = try folder(name)
        for entry in try folder.names() {
            guard let status = try folder.status(of: entry) else { continue }
            guard case .folder = status.kind else {
                try folder.removeFile(entry)
                continue
            }
            if folder.removeFolder(entry) { continue }
            _ = try folder.makeAccessible(entry, status)
            _ = try folder.moveFolder(entry, to: self, as: EntryName(RandomDigits.hexadecimal(16)))
        }
        guard removeFolder(name) else { throw LocalPlace.Refusal.bySystem() }
    }
}

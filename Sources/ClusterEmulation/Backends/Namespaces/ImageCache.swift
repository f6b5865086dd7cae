#if os(Linux)
import Foundation
import Glibc

/// Root file systems and layers, each in a folder of its own, in the user's cache.
///
/// Beside them, a folder of notes says of each what it is, and when it was last used; and a lock for each tells whether it is
/// being made, by whichever process.
struct ImageCache: Sendable {
    let folder: String

    private static let builds = OnceEach<Void>()
    static let unfinished = ".unfinished"

    /// Makes a folder of the cache if it is not there: beside its place, and then moved there, so that it is there whole or
    /// not at all. If another process is making it, this waits.
    ///
    /// - Parameters:
    ///   - name: The folder's name.
    ///   - image: What it is, for people.
    ///   - timeline: Is told if another process is waited for.
    ///   - make: Gets a place to work in, and returns what of it is to be kept.
    /// - Returns: The folder.
    /// - Throws: ``ClusterError`` with the code `imageUnavailable`.
    func once(
        _ name: String, _ image: String, timeline: Timeline,
        _ make: @escaping @Sendable (ImageWorkshop) async throws -> String
    ) async throws -> String {
        let place = "\(folder)/\(name)"
        // What is in there becomes the nodes' system: nobody else may have put it there.
        _ = try OwnFolder.ensured(folder, for: .readers)
        // Root of a cluster, who is nobody here, is shown this folder and has to get through it.
        if ClusterUsers.makerIsRoot { chmod(folder, 0o711) }
        if !FileManager.default.fileExists(atPath: place) {
            try await Self.builds.once(place) {
                let lock = try await lock(name, timeline)
                defer { lock.release() }
                if FileManager.default.fileExists(atPath: place) { return }
                let workshop = ImageWorkshop(cache: folder, name: name + Self.unfinished)
                // Whoever was making it before has died.
                try await workshop.remove()
                do {
                    try note(name, image)
                    let made = try await make(workshop)
                    guard rename(made, place) == 0 else {
                        throw ClusterError(
                            .imageUnavailable,
                            "\(made) could not be moved to \(place): \(String(cString: strerror(errno))).")
                    }
                } catch {
                    try await uncancelled { try await workshop.remove() }
                    throw error
                }
                try await workshop.remove()
            }
        }
        noteUse(name, image)
        return place
    }

    func contains(_ path: String) -> Bool { path.hasPrefix(folder + "/") }

    /// The name of a folder of the cache, which says what is in it, wherever the cache is; any other folder's path.
    func nameOrPath(_ path: String) -> String { contains(path) ? String(path.dropFirst(folder.count + 1)) : path }

    /// What tells a large file or folder from another version of itself without reading it.
    static func identity(of path: String) throws -> String {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw ClusterError(.imageUnavailable, "\(path) can't be read: \(String(cString: strerror(errno))).")
        }
        return "\(path) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
}

// MARK: Locks

extension ImageCache {
    private func lock(_ name: String, _ timeline: Timeline) async throws -> FileLock {
        if let lock = try lockIfFree(name) { return lock }
        timeline.note(.work, "waiting for another process that makes \(name)")
        while true {
            if let lock = try await FileLock.take(within: .seconds(60), { try lockFile(name) }) { return lock }
        }
    }

    /// A folder of the cache that nobody else makes or removes for now; nil if another process does.
    func lockIfFree(_ name: String) throws -> FileLock? { FileLock(ifFree: try lockFile(name)) }

    private func lockFile(_ name: String) throws -> Int32 { try notes("locks").lockFile(name) }
}

// MARK: Notes

extension ImageCache {
    /// What is known of a folder of the cache.
    struct Note: Codable, Sendable {
        /// What it is, for people.
        let image: String
        /// The fingerprint of what this version of the package makes images of.
        let maker: String
    }

    private func notes(_ kind: String) throws -> OwnFolder { try OwnFolder.ensured("\(folder)/.\(kind)") }

    private func note(_ name: String, _ image: String) throws {
        let note = Note(image: image, maker: BuildContext.own.fingerprint.text)
        try notes("notes").replace(name, with: jsonText(note))
    }

    /// A note that can't be made is missed by nothing but the list.
    private func noteUse(_ name: String, _ image: String) {
        if note(of: name)?.note.maker == BuildContext.own.fingerprint.text {
            utimensat(AT_FDCWD, "\(folder)/.notes/\(name)", nil, 0)
        } else {
            try? note(name, image)
        }
    }

    /// What is known of a folder, and when it was last used; nil if it is from before there were notes.
    func note(of name: String) -> (note: Note, used: Date)? {
        var status = stat()
        guard let notes = try? notes("notes"), let data = try? notes.read(name),
            let note = try? JSONDecoder().decode(Note.self, from: data),
            stat("\(folder)/.notes/\(name)", &status) == 0
        else { return nil }
        return (note, Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec)))
    }

    func forget(_ name: String) {
        try? notes("notes").remove(name)
        try? notes("below").remove(name)
    }

    /// Notes what a layer that was made of a node stands on.
    func note(_ below: LayeredImage, of name: String) throws {
        try notes("below").replace(name, with: jsonText(below.folders))
    }

    /// A layer that was made of a node, and what it stands on.
    ///
    /// - Throws: ``ClusterError`` with the code `imageUnavailable` if something of it is gone.
    func snapshot(_ name: String) throws -> LayeredImage {
        let list = try? notes("below").read(name)
        let below = list.flatMap { try? JSONDecoder().decode([String].self, from: $0) } ?? []
        let folders = ["\(folder)/\(name)"] + below
        guard let root = below.last, folders.allSatisfy(FileManager.default.fileExists) else {
            throw ClusterError(
                .imageUnavailable, "There is no image \(name) here, or what it is made on was removed.",
                remedy: "Make it again. `cluster-fixture images` shows what there is of this user's on this backend.")
        }
        noteUse(name, note(of: name)?.note.image ?? name)
        return LayeredImage(root: root, layers: Array(folders.dropLast()))
    }
}
#endif

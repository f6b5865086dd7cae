#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A new folder in the folder that a copy goes to, for what a node sends until it has been looked at.
///
/// Nothing is in it before, so nothing that is unpacked there finds a link to follow or a file to write over. It is in the same file system as the
/// copy's place, so that what is in it is renamed and not copied. Nobody else has a way into it.
final class StagingFolder: Sendable {
    /// What its name begins with. So many random digits come behind it.
    static let beginning = ".cf-"
    private static let digits = 16

    /// The name of the folder in it that an archive is unpacked in, which gets the mode that the node says.
    static let copyName = "copy"

    /// The path of that folder.
    let copyPath: String
    let folder: OpenFolder

    private let place: OpenFolder
    private let name: String
    /// Held as long as the folder is needed; nil where there are no locks.
    private let lock: FileLock?
    private let path: String
    private let isRemoved = Locked(false)

    /// Makes one, and removes what killed processes have left of theirs.
    ///
    /// - Parameters:
    ///   - place: The folder that it is made in.
    ///   - path: That folder's path.
    /// - Throws: ``LocalPlace/Refusal`` if it can't be made.
    init(in place: OpenFolder, _ path: String) throws(LocalPlace.Refusal) {
        StagingFolder.removeAbandoned(in: place)
        let made = try StagingFolder.make(in: place, path)
        self.place = place
        name = made.name
        folder = made.folder
        lock = made.lock
        self.path = (path.hasSuffix("/") ? path : path + "/") + made.name
        copyPath = self.path + "/" + StagingFolder.copyName
        do throws(LocalPlace.Refusal) {
            try made.folder.makeFolder(EntryName(StagingFolder.copyName))
        } catch {
            remove()
            throw error.of(path)
        }
    }

    /// Removes it with everything in it. Only the first call does anything.
    func remove() {
        let isFirst = isRemoved.withLock { isRemoved in
            defer { isRemoved = true }
            return !isRemoved
        }
        guard isFirst else { return }
        if !isGone() { Progress.say("\(path) could not be removed. Nobody needs it any more") }
        lock?.release()
    }

    /// Removes it, and says whether it is gone.
    private func isGone() -> Bool {
        for _ in 0..<100 {
            folder.removeContents()
            if place.removeFolder(EntryName(name)) { return true }
            // A tar that was started by a shell may write for a moment after the shell was killed.
            var pause = timespec(tv_sec: 0, tv_nsec: 20_000_000)
            nanosleep(&pause, nil)
        }
        return false
    }

    private static func make(
        in place: OpenFolder, _ path: String
    ) throws(LocalPlace.Refusal) -> (name: String, folder: OpenFolder, lock: FileLock?) {
        let attempts = 8
        for attempt in 1...attempts {
            let name = beginning + RandomDigits.hexadecimal(digits)
            do throws(LocalPlace.Refusal) {
                try place.makeFolder(EntryName(name))
            } catch {
                throw error.of(path)
            }
            // Some file systems have no locks. There, it does without one in the end.
            if let held = hold(EntryName(name), in: place, needsLock: attempt < attempts) {
                return (name, held.folder, held.lock)
            }
            place.removeFolder(EntryName(name))
        }
        throw LocalPlace.Refusal("a new folder in it does not stay").of(path)
    }

    /// Locks a new folder.
    ///
    /// - Returns: Nil if another process has taken it for abandoned, in the moment before it was locked.
    private static func hold(
        _ name: EntryName, in place: OpenFolder, needsLock: Bool
    ) -> (folder: OpenFolder, lock: FileLock?)? {
        guard let folder = try? place.folder(name) else { return nil }
        let lock = folder.lock()
        if lock != nil || !needsLock, let there = try? place.status(of: name), there.isSame(as: folder.ownStatus()) {
            return (folder, lock)
        }
        lock?.release()
        return nil
    }

    /// Removes those of this user that no process holds any more.
    private static func removeAbandoned(in place: OpenFolder) {
        for name in (try? place.names()) ?? [] where isOurs(name) { removeIfAbandoned(name, in: place) }
    }

    private static func isOurs(_ name: EntryName) -> Bool {
        // First what is seen at once: there may be many names.
        guard name.bytes.count == beginning.utf8.count + digits + 1 else { return false }
        let text = name.text
        return text.hasPrefix(beginning)
            && text.dropFirst(beginning.count).allSatisfy { "0123456789abcdef".contains($0) }
    }

    private static func removeIfAbandoned(_ name: EntryName, in place: OpenFolder) {
        guard let status = try? place.status(of: name), case .folder = status.kind, status.isOwn,
            status.mode & 0o777 == EntryStatus.ownerRights,
            let folder = try? place.folder(name), let lock = folder.lock()
        else { return }
        folder.removeContents()
        place.removeFolder(name)
        lock.release()
    }
}

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A folder that is held open, whoever it belongs to.
///
/// What is done in it is done by its descriptor, wherever its path leads by then. No link in it is followed.
final class OpenFolder: Sendable {
    /// For this class's own methods: whoever has the number alone does not keep the folder open.
    let descriptor: Int32

    private static let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC

    /// Opens a folder by its path.
    convenience init(_ path: String, followingLink: Bool) throws(LocalPlace.Refusal) {
        let descriptor = openat(AT_FDCWD, path, followingLink ? OpenFolder.flags : OpenFolder.flags | O_NOFOLLOW)
        guard descriptor >= 0 else { throw LocalPlace.Refusal.bySystem().of(path) }
        self.init(descriptor: descriptor)
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Opens a folder in this one.
    func folder(_ name: EntryName) throws(LocalPlace.Refusal) -> OpenFolder {
        let opened = openat(descriptor, name.bytes, OpenFolder.flags | O_NOFOLLOW)
        guard opened >= 0 else { throw LocalPlace.Refusal.bySystem() }
        return OpenFolder(descriptor: opened)
    }

    /// Makes a folder in this one, for its owner alone; fails if anything has its name.
    func makeFolder(_ name: EntryName) throws(LocalPlace.Refusal) {
        guard mkdirat(descriptor, name.bytes, 0o700) == 0 else { throw LocalPlace.Refusal.bySystem() }
    }

    /// What has a name in this folder; nil if nothing has it.
    func status(of name: EntryName) throws(LocalPlace.Refusal) -> EntryStatus? {
        var found = stat()
        if fstatat(descriptor, name.bytes, &found, AT_SYMLINK_NOFOLLOW) == 0 { return EntryStatus(found) }
        guard errno == ENOENT else { throw LocalPlace.Refusal.bySystem() }
        return nil
    }

    /// What the folder itself is.
    func ownStatus() -> EntryStatus {
        var found = stat()
        fstat(descriptor, &found)
        return EntryStatus(found)
    }

    /// The names of what is in the folder, in no order.
    func names() throws(LocalPlace.Refusal) -> [EntryName] {
        // A descriptor of its own, which is read from the beginning.
        let listing = openat(descriptor, ".", OpenFolder.flags)
        guard listing >= 0 else { throw LocalPlace.Refusal.bySystem() }
        guard let stream = fdopendir(listing) else {
            let refusal = LocalPlace.Refusal.bySystem()
            close(listing)
            throw refusal
        }
        defer { closedir(stream) }
        let (own, above) = (EntryName("."), EntryName(".."))
        var names: [EntryName] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                    EntryName(copying: $0)
                }
            }
            if name != own, name != above { names.append(name) }
        }
        return names
    }
}

extension OpenFolder {
    /// Moves a file or a link to another folder, in the place of a file or a link that has its name there.
    func moveFile(_ name: EntryName, to folder: OpenFolder, as other: EntryName) throws(LocalPlace.Refusal) {
        guard renameat(descriptor, name.bytes, folder.descriptor, other.bytes) == 0 else {
            throw errno == EISDIR
                ? LocalPlace.Refusal("what is there is a folder") : LocalPlace.Refusal.bySystem()
        }
    }

    /// Moves a folder to another one, if nothing has its name there.
    ///
    /// - Returns: Whether nothing had it.
    func moveFolder(_ name: EntryName, to folder: OpenFolder, as other: EntryName) throws(LocalPlace.Refusal) -> Bool {
        // The system itself would put it in the place of an empty folder.
        if try folder.status(of: other) != nil { return false }
        if renameat(descriptor, name.bytes, folder.descriptor, other.bytes) == 0 { return true }
        // Another copy may have put something there since.
        guard errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR else { throw LocalPlace.Refusal.bySystem() }
        return false
    }

    func setMode(_ mode: mode_t) { fchmod(descriptor, mode) }

    /// Sets the times of access and of change. Only the owner can.
    func setTimes(_ times: [timespec]) { futimens(descriptor, times) }

    /// Gives the folder the mode and the time that another has elsewhere, as `stat` writes them: octal digits, seconds.
    func adopt(_ text: Substring) {
        let words = text.split(separator: " ")
        guard words.count == 2, let mode = mode_t(words[0], radix: 8), let seconds = Int(words[1]) else { return }
        setMode(mode & 0o777)
        let time = timespec(tv_sec: seconds, tv_nsec: 0)
        setTimes([time, time])
    }

    /// Lets the user into this folder and lets them write to it, if it is the user's and has another mode.
    ///
    /// - Returns: The mode that it had; nil if it stays as it was.
    func makeAccessible() -> mode_t? {
        let status = ownStatus()
        guard status.isOwn, !status.isAccessible else { return nil }
        setMode(status.mode | EntryStatus.ownerRights)
        return status.mode
    }

    /// Does the same for a folder in this one, which can perhaps not be opened before.
    func makeAccessible(_ name: EntryName, _ status: EntryStatus) throws(LocalPlace.Refusal) -> mode_t? {
        guard status.isOwn, !status.isAccessible else { return nil }
        let mode = status.mode | EntryStatus.ownerRights
        // By its descriptor if there is a way: older systems can't change a mode by a name without following a link.
        if let opened = try? folder(name) {
            opened.setMode(mode)
        } else if fchmodat(descriptor, name.bytes, mode, AT_SYMLINK_NOFOLLOW) != 0 {
            throw LocalPlace.Refusal.bySystem()
        }
        return status.mode
    }

    /// Locks the folder.
    ///
    /// - Returns: Nil if another process has locked it, or if there are no locks in its file system.
    func lock() -> FileLock? {
        let own = openat(descriptor, ".", OpenFolder.flags)
        return own >= 0 ? FileLock(ifFree: own) : nil
    }
}

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An open file that no other process locks. It ends at the latest with this process.
final class FileLock: Sendable {
    /// Negative once it is released.
    private let descriptor: Locked<Int32>

    /// Locks an open file, which is closed when the lock is released.
    ///
    /// - Returns: Nil, with the file closed, if another process has locked it.
    init?(ifFree descriptor: Int32) {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EINTR else {
                close(descriptor)
                return nil
            }
        }
        self.descriptor = Locked(descriptor)
    }

    /// Locks a file as soon as nobody else has it locked. The wait gives its thread back: who has it may need that thread.
    ///
    /// - Parameters:
    ///   - limit: How long one of the others may have it locked.
    ///   - open: Opens the file.
    /// - Returns: Nil if one of them has had it for so long.
    /// - Throws: What `open` throws; `CancellationError`.
    static func take(within limit: Duration, _ open: () throws -> Int32) async throws -> FileLock? {
        var (end, last, pauses) = (ContinuousClock.now + limit, Int?.none, Pauses(upTo: .milliseconds(10)))
        while true {
            let file = try open()
            let taken = taken(file)
            if let lock = FileLock(ifFree: file) {
                futimens(file, nil)
                return lock
            }
            if taken != last { (end, last) = (ContinuousClock.now + limit, taken) }
            guard ContinuousClock.now < end else { return nil }
            try await pauses.pass()
        }
    }

    /// When a file was locked last, in nanoseconds: whoever has waited for it notes that.
    private static func taken(_ file: Int32) -> Int? {
        var status = stat()
        guard fstat(file, &status) == 0 else { return nil }
        #if canImport(Darwin)
        return status.st_mtimespec.tv_sec * 1_000_000_000 + status.st_mtimespec.tv_nsec
        #else
        return status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
        #endif
    }

    func release() {
        descriptor.withLock { descriptor in
            guard descriptor >= 0 else { return }
            // A child that was forked meanwhile has it open as well.
            flock(descriptor, LOCK_UN)
            close(descriptor)
            descriptor = -1
        }
    }
}

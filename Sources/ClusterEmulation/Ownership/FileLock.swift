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
    ///   - limit: How long it may take.
    ///   - open: Opens the file.
    /// - Returns: Nil if another process still has it locked then.
    /// - Throws: What `open` throws; `CancellationError`.
    static func take(within limit: Duration, _ open: () throws -> Int32) async throws -> FileLock? {
        let end = ContinuousClock.now + limit
        var pause = 1
        while true {
            if let lock = FileLock(ifFree: try open()) { return lock }
            guard ContinuousClock.now < end else { return nil }
            try await Task.sleep(for: .milliseconds(pause))
            pause = min(2 * pause, 10)
        }
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

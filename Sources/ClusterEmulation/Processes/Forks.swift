#if os(Linux)
import CNamespaces
#elseif canImport(Darwin)
import Darwin
#endif

/// Descriptors that stand for this process's life: a child that fork(2) makes of it, and that starts no other program, is not to
/// have a copy. (Those that start one have none anyway: the descriptors are closed on exec.) On macOS such a child keeps it.
enum Forks {
    /// Makes a pipe that no program which this process starts has a copy of.
    ///
    /// - Returns: As pipe(2).
    static func pipe(_ ends: inout [Int32]) -> Int32 {
        #if os(Linux)
        return ns_pipe(&ends)
        #else
        let result = Darwin.pipe(&ends)
        for end in ends where result == 0 { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return result
        #endif
    }

    static func keepFromChildren(_ descriptor: Int32) {
        #if os(Linux)
        ns_keep_from_children(descriptor)
        #endif
    }

    static func close(_ descriptor: Int32) {
        #if os(Linux)
        ns_close(descriptor)
        #else
        _ = Darwin.close(descriptor)
        #endif
    }
}

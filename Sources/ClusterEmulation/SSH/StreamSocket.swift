#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// Stream sockets that no child process inherits.
enum StreamSocket {
    /// Two ends of one. (A pipe would do, but for the signal that writing to a dead reader sends.)
    static func pair() throws -> (FileDescriptor, FileDescriptor) {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
        let result = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
        #else
        let result = socketpair(AF_UNIX, SOCK_STREAM, 0, &ends)
        #endif
        guard result == 0 else {
            throw ClusterError(
                .provisioningFailed, "No socket pair could be made: \(String(cString: strerror(errno))).")
        }
        #if canImport(Darwin)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var on: Int32 = 1
        setsockopt(ends[1], SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        return (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
    }

    /// Sends bytes. That nobody reads them any more is a result, and no signal.
    ///
    /// - Returns: As send(2).
    static func send(_ bytes: UnsafeRawPointer?, _ count: Int, to end: Int32) -> Int {
        #if canImport(Darwin)
        return Darwin.send(end, bytes, count, 0)
        #elseif canImport(Glibc)
        return Glibc.send(end, bytes, count, Int32(MSG_NOSIGNAL))
        #elseif canImport(Musl)
        return Musl.send(end, bytes, count, Int32(MSG_NOSIGNAL))
        #endif
    }

    /// Sends a text, whether anybody reads it or not.
    static func tell(_ text: String, to end: FileDescriptor) {
        let bytes = Array(text.utf8)
        _ = send(bytes, bytes.count, to: end.rawValue)
    }

    static func open(_ family: Int32) -> Int32 { open(family, SOCK_STREAM) }

    /// The other kind, which no child process inherits either.
    static func openForDatagrams(_ family: Int32) -> Int32 { open(family, SOCK_DGRAM) }

    #if canImport(Glibc)
    private typealias Kind = __socket_type
    #else
    private typealias Kind = Int32
    #endif

    private static func open(_ family: Int32, _ kind: Kind) -> Int32 {
        #if canImport(Glibc)
        let descriptor = socket(family, Int32(kind.rawValue), 0)
        #else
        let descriptor = socket(family, kind, 0)
        #endif
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }
}

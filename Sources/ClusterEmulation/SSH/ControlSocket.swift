import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The socket by which OpenSSH's client shares a connection. Its other end is held by the process that has the connection,
/// for as long as it has it: so the end of a silent connection to the socket tells that this process is gone.
enum ControlSocket {
    /// Connects to a socket; nil if nobody holds it any more.
    static func connect(_ path: String) -> Int32? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = UnixSocket.open()
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                UnixSocket.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    /// Waits on a thread of its own until the other ends are closed, and closes these.
    ///
    /// - Returns: Which of them were not closed in time.
    static func awaitEnd(_ descriptors: [Int32], within limit: Duration) async -> Set<Int32> {
        guard !descriptors.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var open = Set(descriptors)
                let end = ContinuousClock.now + limit
                while !open.isEmpty, case let left = end - .now, left > .zero {
                    var polled = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
                    poll(&polled, nfds_t(polled.count), Int32(left / .milliseconds(1)) + 1)
                    var bytes = [UInt8](repeating: 0, count: 256)
                    // It says hello first: what is read is nothing to us, its end is.
                    for entry in polled where entry.revents != 0 && recv(entry.fd, &bytes, bytes.count, 0) <= 0 {
                        open.remove(entry.fd)
                    }
                }
                for descriptor in descriptors { close(descriptor) }
                continuation.resume(returning: open)
            }
        }
    }
}

/// What the platforms call differently.
private enum UnixSocket {
    static func open() -> Int32 {
        #if canImport(Glibc)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    static func connect(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
        #if canImport(Darwin)
        Darwin.connect(descriptor, address, length)
        #elseif canImport(Glibc)
        Glibc.connect(descriptor, address, length)
        #else
        Musl.connect(descriptor, address, length)
        #endif
    }
}

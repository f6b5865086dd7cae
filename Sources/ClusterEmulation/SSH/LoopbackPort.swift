#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Ports of 127.0.0.1.
enum LoopbackPort {
    /// A port that was free a moment ago: the kernel names one, and it is let go at once.
    static func free() throws -> Int {
        let descriptor = StreamSocket.open(AF_INET)
        defer { close(descriptor) }
        var address = socketAddress(host: "127.0.0.1", port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard result == 0 else {
            throw ClusterError(.connectionLost, "No local port is free: \(String(cString: strerror(errno)))")
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Listens on a port of 127.0.0.1 for a node, or takes its datagrams; 0 takes one that is free.
    static func listen(
        on wanted: Int, _ transport: PublishedPort.Transport = .tcp, for node: String
    ) throws -> (descriptor: Int32, port: Int) {
        let descriptor = transport == .tcp ? StreamSocket.open(AF_INET) : StreamSocket.openForDatagrams(AF_INET)
        var on: Int32 = 1
        // For datagrams it would let two have the same port.
        if transport == .tcp {
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = socketAddress(host: "127.0.0.1", port: wanted)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> Int32 in
                guard bind(descriptor, pointer, length) == 0, transport == .udp || Self.listen(descriptor) == 0 else {
                    return -1
                }
                return getsockname(descriptor, pointer, &length)
            }
        }
        guard result == 0 else {
            let cause = String(cString: strerror(errno))
            close(descriptor)
            throw ClusterError(
                .provisioningFailed,
                "\(node) could not be started: port \(wanted) (\(transport)) of 127.0.0.1 can't be listened on: \(cause).",
                node: node)
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    private static func listen(_ descriptor: Int32) -> Int32 {
        #if canImport(Darwin)
        Darwin.listen(descriptor, 1024)
        #elseif canImport(Glibc)
        Glibc.listen(descriptor, 1024)
        #else
        Musl.listen(descriptor, 1024)
        #endif
    }

    static func socketAddress(host: String, port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        #if canImport(Darwin)
        address.sin_len = UInt8(MemoryLayout<sockaddr_in>.size)
        #endif
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return address
    }
}

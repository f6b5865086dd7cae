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
        guard let port = bind(descriptor, to: 0) else {
            throw ClusterError(.connectionLost, "No local port is free: \(String(cString: strerror(errno)))")
        }
        return port
    }

    /// Listens on a port of 127.0.0.1 for a node, or takes its datagrams; 0 takes one that is free.
    ///
    /// The kernel lets a socket keep a port, when it does not listen, only if it was asked for that port by its number. So a free one is
    /// held by a first socket until a second has it.
    static func listen(
        on wanted: Int, _ transport: PublishedPort.Transport = .tcp, for node: String
    ) throws -> (descriptor: Int32, port: Int) {
        // Somebody else may listen on a port that the kernel has just named, and let others have it as well.
        for _ in 0..<20 {
            let holder = open(transport)
            guard wanted == 0, transport == .tcp else { return try take(holder, wanted, transport, for: node) }
            defer { close(holder) }
            let free = bind(holder, to: 0) ?? 0
            if let taken = try? take(open(transport), free, transport, for: node) { return taken }
        }
        return try take(open(transport), wanted, transport, for: node)
    }

    private static func take(
        _ descriptor: Int32, _ wanted: Int, _ transport: PublishedPort.Transport, for node: String
    ) throws -> (descriptor: Int32, port: Int) {
        if let port = bind(descriptor, to: wanted), transport == .udp || listen(descriptor) == 0 {
            return (descriptor, port)
        }
        let cause = String(cString: strerror(errno))
        close(descriptor)
        throw ClusterError(
            .provisioningFailed,
            "\(node) could not be started: port \(wanted) (\(transport)) of 127.0.0.1 can't be listened on: \(cause).",
            node: node,
            remedy:
                "See which program has it (`ss -lnp 'sport = \(wanted)'`), or leave out this machine's port: a free one is taken then."
        )
    }

    private static func open(_ transport: PublishedPort.Transport) -> Int32 {
        // For datagrams it would let two have the same port.
        guard transport == .tcp else { return StreamSocket.openForDatagrams(AF_INET) }
        let descriptor = StreamSocket.open(AF_INET)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    /// - Returns: The port, or nil, with errno set.
    private static func bind(_ descriptor: Int32, to port: Int) -> Int? {
        var address = socketAddress(host: "127.0.0.1", port: port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> Int32 in
                #if canImport(Darwin)
                let bound = Darwin.bind(descriptor, pointer, length)
                #elseif canImport(Glibc)
                let bound = Glibc.bind(descriptor, pointer, length)
                #else
                let bound = Musl.bind(descriptor, pointer, length)
                #endif
                return bound == 0 ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        return result == 0 ? Int(UInt16(bigEndian: address.sin_port)) : nil
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

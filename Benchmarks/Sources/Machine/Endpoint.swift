import Foundation

/// Where an sshd listens. In JSON, as peers write it: `["127.0.0.1", 32768]`.
struct Endpoint: Decodable {
    let host: String
    let port: UInt16

    init(host: String = "127.0.0.1", port: UInt16) {
        self.host = host
        self.port = port
    }

    init(from decoder: any Decoder) throws {
        var pair = try decoder.unkeyedContainer()
        host = try pair.decode(String.self)
        port = try pair.decode(UInt16.self)
    }

    /// Free ports of 127.0.0.1: all are held until the last is known, so none comes twice.
    static func free(_ count: Int) throws -> [Endpoint] {
        let sockets = (0..<count).map { _ in
            socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        defer { for socket in sockets { close(socket) } }
        return try sockets.map { socket in
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            var address = Endpoint(port: 0).address
            let isBound = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
                }
            }
            guard isBound else { throw Failure("no free port: \(String(cString: strerror(errno)))") }
            return Endpoint(port: UInt16(bigEndian: address.sin_port))
        }
    }

    /// Begins to connect, without waiting for it; nil if the other side has refused at once.
    func connecting() -> Int32? {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_INET, kind, 0)
        var address = address
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result == 0 || errno == EINPROGRESS { return descriptor }
        close(descriptor)
        return nil
    }

    private var address: sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return address
    }
}

import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A TCP server on 127.0.0.1 that says one thing to whoever connects.
package final class Listener: Sendable {
    /// What a client gets.
    package enum Manner: Sendable {
        /// A text, and then the end.
        case say(String)
        /// The end, at once.
        case hangUp
        /// Nothing at all.
        case keepSilent
    }

    package let port: Int
    private let descriptor: Int32

    package init(_ manner: Manner, port wanted: Int = 0) throws {
        #if canImport(Glibc)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(wanted).bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> Int32 in
                guard bind(descriptor, pointer, length) == 0, listen(descriptor, 16) == 0 else { return -1 }
                return getsockname(descriptor, pointer, &length)
            }
        }
        guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EINVAL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { Self.serve(descriptor, manner) }
    }

    private static func serve(_ descriptor: Int32, _ manner: Manner) {
        var silent: [Int32] = []
        while true {
            let client = accept(descriptor, nil, nil)
            guard client >= 0 else { break }
            switch manner {
            case .say(let text):
                _ = text.withCString { write(client, $0, strlen($0)) }
                close(client)
            case .hangUp: close(client)
            case .keepSilent: silent.append(client)
            }
        }
        for client in silent { close(client) }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}

extension Listener {
    /// Whether somebody accepts connections on a port of an IPv4 address.
    package static func accepts(_ port: Int, of host: String = "127.0.0.1") -> Bool {
        #if canImport(Glibc)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

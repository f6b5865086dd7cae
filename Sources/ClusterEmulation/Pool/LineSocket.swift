import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// One end of a connection between two processes of one user, on which each sends lines of JSON.
package final class LineSocket: Sendable {
    private let descriptor: Int32
    private let rest = Locked<[UInt8]>([])

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { Forks.close(descriptor) }

    /// Connects to a socket; nil if nobody listens there, or somebody else than this user.
    package static func connect(to path: String) -> LineSocket? {
        let descriptor = StreamSocket.open(AF_UNIX)
        Forks.keepFromChildren(descriptor)
        let socket = LineSocket(descriptor)
        let result = UnixSocket.withAddress(path) { address, length in
            var result: Int32
            repeat { result = connectSocket(descriptor, address, length) } while result != 0 && errno == EINTR
            return result
        }
        return result == 0 && socket.isOwnUsers ? socket : nil
    }

    /// Ends the connection, which the other end is told of. What waits here for a line gets none.
    package func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Reads a line, on a thread of its own; nil at the end, or if it is none of JSON's.
    package func read<Message: Decodable & Sendable>(_ kind: Message.Type) async -> Message? {
        guard let line = await BlockingThread.run({ self.readLine() }) else { return nil }
        return try? JSONDecoder().decode(kind, from: Data(line))
    }

    /// Sends a line.
    ///
    /// - Returns: Whether the other end may still read it.
    @discardableResult
    package func write(_ message: some Encodable) -> Bool {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        guard let data = try? encoder.encode(message) else { return false }
        var left = (Array(data) + [UInt8(ascii: "\n")])[...]
        while !left.isEmpty {
            let count = left.withUnsafeBytes { StreamSocket.send($0.baseAddress, $0.count, to: descriptor) }
            if count > 0 { left = left.dropFirst(count) } else if errno != EINTR { return false }
        }
        return true
    }

    /// Sends a line as soon as there is a process whose number stands in it.
    package func notice(_ message: (Int32) -> some Encodable) -> ProcessNotice? {
        let number = Int32.max
        guard let data = try? JSONEncoder().encode(message(number)) else { return nil }
        let parts = String(decoding: data, as: UTF8.self).split(
            separator: "\(number)", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        return ProcessNotice(socket: descriptor, before: String(parts[0]), after: parts[1] + "\n")
    }

    private func readLine() -> [UInt8]? {
        var line = rest.withLock { $0 }
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            if let end = line.firstIndex(of: UInt8(ascii: "\n")) {
                rest.withLock { $0 = Array(line[(end + 1)...]) }
                return Array(line[..<end])
            }
            // The inventory of a thousand nodes has a megabyte.
            guard line.count < 16 << 20 else { return nil }
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count > 0 { line += bytes[..<count] } else if count == 0 || errno != EINTR { return nil }
        }
    }

    /// Whether the other end is a process of this user's.
    private var isOwnUsers: Bool {
        #if canImport(Darwin)
        var (user, group) = (uid_t(), gid_t())
        return getpeereid(descriptor, &user, &group) == 0 && user == geteuid()
        #else
        // `struct ucred`, which is not among the declarations that Swift sees: unix(7).
        var peer: (process: Int32, user: UInt32, group: UInt32) = (0, .max, .max)
        var length = socklen_t(MemoryLayout.size(ofValue: peer))
        return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.user == geteuid()
        #endif
    }
}

extension LineSocket {
    /// A socket with a path, on which others connect.
    package final class Listener: Sendable {
        private let descriptor: Int32

        /// - Throws: ``ClusterError`` if nobody can listen there.
        package init(_ path: String) throws {
            descriptor = StreamSocket.open(AF_UNIX)
            Forks.keepFromChildren(descriptor)
            let result = UnixSocket.withAddress(path) { bindSocket(descriptor, $0, $1) }
            guard result == 0, listenOn(descriptor, 128) == 0 else {
                let cause = String(cString: strerror(errno))
                Forks.close(descriptor)
                throw ClusterError(.provisioningFailed, "Nothing can listen at \(path): \(cause).")
            }
        }

        /// The next connection of a process of this user's; nil when it is closed. It blocks.
        package func accept() -> LineSocket? {
            while true {
                let client = acceptOn(descriptor, nil, nil)
                if client < 0, errno == EINTR || errno == ECONNABORTED { continue }
                guard client >= 0 else { return nil }
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                Forks.keepFromChildren(client)
                let socket = LineSocket(client)
                if socket.isOwnUsers { return socket }
            }
        }

        package func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

        deinit { Forks.close(descriptor) }
    }
}

// Within the classes, their own methods have these names.
private let connectSocket = connect(_:_:_:)
private let bindSocket = bind(_:_:_:)
private let listenOn = listen(_:_:)
private let acceptOn = accept(_:_:_:)

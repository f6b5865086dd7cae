import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension LoopbackPort {
    /// A port that was free a moment ago, of those that the kernel gives to nobody who does not ask for them by their number: while
    /// nobody listens there, it stays free.
    ///
    /// - Throws: ``ClusterError`` if no port is free.
    static func lasting(_ transport: PublishedPort.Transport, besides taken: Set<Int>) throws -> Int {
        for _ in 0..<1000 {
            guard let port = lastingPorts.randomElement() else { break }
            guard !taken.contains(port), let (descriptor, _) = try? listen(on: port, transport, for: "") else {
                continue
            }
            close(descriptor)
            return port
        }
        return try free()
    }

    /// Well above those of the usual services.
    private static let lastingPorts: [Int] = (20000...65535).filter { !passingPorts.contains($0) }

    /// Those that the kernel gives to whoever asks for any.
    private static let passingPorts: ClosedRange<Int> = {
        let text = try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
        let numbers = (text ?? "").split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard numbers.count == 2, numbers[0] <= numbers[1] else { return 49152...65535 }
        return numbers[0]...numbers[1]
    }()

    /// Refuses ports of this machine that somebody has already.
    ///
    /// - Throws: ``ClusterError`` that names the port.
    static func requireFree(for node: PlannedNode) throws {
        for port in node.ports {
            guard let hostPort = port.hostPort else { continue }
            close(try listen(on: hostPort, port.transport, for: node.name).descriptor)
        }
    }

    /// Whether somebody takes connections of TCP at a port, as far as the kernel tells within a tenth of a second.
    static func accepts(_ port: Int, on host: String = "127.0.0.1") -> Bool {
        let descriptor = StreamSocket.open(AF_INET)
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        var address = socketAddress(host: host, port: port)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
        }
        if result == 0 { return true }
        var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard errno == EINPROGRESS, poll(&polled, 1, 100) == 1 else { return false }
        var (code, size): (Int32, socklen_t) = (0, 4)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == 0
    }
}

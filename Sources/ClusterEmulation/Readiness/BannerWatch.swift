import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What has been seen of an SSH server so far.
package enum BannerState: Sendable, Hashable {
    /// No TCP connection came about.
    case noConnection(cause: String)
    /// A connection came about, but no SSH banner: a proxy that accepts for a server which isn't up, say.
    case noBanner(cause: String)
    /// The banner, such as `SSH-2.0-OpenSSH_9.2p1 Debian-2`.
    case banner(String)
}

/// Watches many SSH servers come up, in one thread with `poll(2)`.
///
/// A port can't tell when it will be served, so it is tried: again after one millisecond, then after twice as long each
/// time, up to 32 milliseconds.
package final class BannerWatch: Sendable {
    private struct Board {
        var states: [BannerState]
        var stopped = false
    }

    private let endpoints: [(host: String, port: Int)]
    private let last = AsyncStream.makeStream(of: Void.self)
    private let board: Locked<Board>

    package init(_ endpoints: [(host: String, port: Int)]) {
        self.endpoints = endpoints
        board = Locked(Board(states: endpoints.map { _ in .noConnection(cause: "not tried yet") }))
    }

    /// What has been seen of each server so far.
    package var states: [BannerState] { board.withLock { $0.states } }

    /// Begins to watch; ``stop()`` ends it.
    ///
    /// - Throws: ``ClusterError`` if the system refuses it a thread.
    package func start() throws { try BlockingThread.start { self.watch() } }

    /// Ends the watch, and with it every wait for a banner.
    package func stop() { board.withLock { $0.stopped = true } }

    /// Returns when every server's banner has been read; to be called once.
    ///
    /// - Throws: `CancellationError` if the task is cancelled or the watch is stopped.
    package func allBanners() async throws {
        for await _ in last.stream { return }
        throw CancellationError()
    }

    private func watch() {
        var attempts = endpoints.indices.map { Attempt(index: $0) }
        defer {
            for attempt in attempts { attempt.end() }
            last.continuation.finish()
        }
        while !attempts.isEmpty, !board.withLock({ $0.stopped }) {
            let now = ContinuousClock.now
            for position in attempts.indices
            where attempts[position].descriptor == nil && attempts[position].next <= now {
                let endpoint = endpoints[attempts[position].index]
                attempts[position].begin(host: endpoint.host, port: endpoint.port)
            }
            var polled = attempts.map { pollfd(fd: $0.descriptor ?? -1, events: $0.awaited, revents: 0) }
            poll(&polled, nfds_t(polled.count), Self.pause(attempts))
            for position in attempts.indices where polled[position].revents != 0 {
                let state = attempts[position].advance(polled[position].revents)
                board.withLock { $0.states[attempts[position].index] = state }
            }
            attempts.removeAll(where: \.isDone)
        }
        if attempts.isEmpty { last.continuation.yield() }
    }

    /// Milliseconds until something is due, at most 20 so that an end from outside is noticed.
    private static func pause(_ attempts: [Attempt]) -> Int32 {
        let now = ContinuousClock.now
        let waits = attempts.filter { $0.descriptor == nil }.map { ($0.next - now) / .milliseconds(1) }
        return Int32(max(0, min(waits.min() ?? 20, 20)).rounded(.up))
    }
}

/// One server's current connection, if any, and when the next one is due.
private struct Attempt {
    let index: Int
    var descriptor: Int32?
    var next = ContinuousClock.now
    var isDone = false
    private var isConnected = false
    private var delay = Duration.milliseconds(1)

    init(index: Int) { self.index = index }

    mutating func begin(host: String, port: Int) {
        let socket = StreamSocket.open(AF_INET)
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
        var address = LoopbackPort.socketAddress(host: host, port: port)
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                // A failure shows when the socket is read, like any other.
                _ = connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        descriptor = socket
    }

    /// The events to wait for: being connected first, then something to read.
    var awaited: Int16 { Int16(isConnected ? POLLIN : POLLIN | POLLOUT) }

    /// Takes note of a connection, or reads what came: a banner ends the watch, anything else the attempt.
    mutating func advance(_ events: Int16) -> BannerState {
        if events == Int16(POLLOUT) {
            isConnected = true
            return .noBanner(cause: "it accepts connections but sends no banner")
        }
        var bytes = [UInt8](repeating: 0, count: 255)  // RFC 4253, 4.2: the longest identification string
        let count = recv(descriptor ?? -1, &bytes, bytes.count, 0)
        let failure = errno
        end()
        descriptor = nil
        isConnected = false
        if count > 0 {
            let line = String(decoding: bytes.prefix(count), as: UTF8.self).prefix { !$0.isNewline }
            if line.hasPrefix("SSH-") {
                isDone = true
                return .banner(String(line))
            }
        }
        next = .now + delay
        delay = min(delay * 2, .milliseconds(32))
        if count > 0 { return .noBanner(cause: "the server does not speak SSH") }
        if count == 0 { return .noBanner(cause: "the connection was closed before a banner came") }
        let cause = String(cString: strerror(failure))
        return failure == ECONNREFUSED ? .noConnection(cause: cause) : .noBanner(cause: cause)
    }

    func end() {
        if let descriptor { close(descriptor) }
    }
}

import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The connections that OpenSSH's client shares, each held by a process of its own behind a socket in a cluster's folder.
enum SharedConnections {
    /// Ends the nodes by `body`, and returns when every connection has ended with them, and its process too.
    static func close(in folder: String?, endingNodes body: () async throws -> Void) async throws {
        let paths = folder.flatMap { try? OwnFolder($0).sockets() } ?? []
        var watched: [Int32: String] = [:]
        for path in paths { if let descriptor = ControlSocket.open(path) { watched[descriptor] = path } }
        do {
            try await body()
        } catch {
            _ = await ControlSocket.awaitEnd(Array(watched.keys), within: .zero)
            await exit(paths)
            throw error
        }
        // One that did not notice is asked to end.
        let left = await ControlSocket.awaitEnd(Array(watched.keys), within: .seconds(1))
        await exit(left.compactMap { watched[$0] })
    }

    /// Ends all connections of a folder at once: their machines live on.
    static func end(in folder: String) async { await exit((try? OwnFolder(folder).sockets()) ?? []) }

    private static func exit(_ paths: [String]) async {
        await withTaskGroup(of: Void.self) { group in
            for path in paths {
                group.addTask {
                    // A connection that is gone already is what was wanted.
                    let words = ["-F", "/dev/null", "-S", path, "-O", "exit", "node"]
                    _ = try? await Command("ssh", words).output(limit: .seconds(5))
                }
            }
        }
    }
}

/// The other end is held by the process that has the connection, for as long as it has it: so the end of a silent
/// connection to the socket tells that this process is gone.
private enum ControlSocket {
    /// Connects to a socket; nil if nobody holds it any more.
    static func open(_ path: String) -> Int32? {
        let descriptor = StreamSocket.open(AF_UNIX)
        let result = UnixSocket.withAddress(path) { connect(descriptor, $0, $1) }
        if result == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    /// Waits on a thread of its own until the other ends are closed, and closes these.
    ///
    /// - Returns: Which of them were not closed in time.
    static func awaitEnd(_ descriptors: [Int32], within limit: Duration) async -> Set<Int32> {
        guard !descriptors.isEmpty else { return [] }
        return await BlockingThread.run {
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
            return open
        }
    }
}

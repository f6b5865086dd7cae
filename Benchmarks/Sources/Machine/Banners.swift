import Foundation

/// The moment at which all of a contender's nodes speak SSH.
enum Banners {
    /// Connects to all at once, again and again, until each has begun its banner.
    ///
    /// The pause between two tries is a sixteenth of the time that has passed, a millisecond at least and 16 at most: it
    /// neither takes much from those who start nor adds much to what is measured.
    static func wait(for endpoints: [Endpoint], atMost limit: Duration = .seconds(300)) throws {
        let begun = ContinuousClock.now
        var missing = endpoints.map { Attempt(endpoint: $0) }
        defer { for attempt in missing { attempt.close() } }
        while !missing.isEmpty {
            let elapsed = ContinuousClock.now - begun
            guard elapsed < limit else { throw Failure("\(missing.count) nodes have sent no banner in \(limit)") }
            for index in missing.indices { missing[index].beginUnlessBegun() }
            let pause = min(16, max(1, elapsed / .milliseconds(16)))
            var polled = missing.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            let isRefused = missing.contains { $0.descriptor < 0 }
            if poll(&polled, nfds_t(polled.count), isRefused ? Int32(pause) : 100) <= 0 { continue }
            for index in missing.indices where polled[index].revents != 0 { missing[index].look() }
            missing.removeAll { $0.isDone }
            // A port that a proxy holds open accepts and closes without end.
            if missing.contains(where: { $0.descriptor < 0 }) { usleep(useconds_t(pause * 1000)) }
        }
    }

    private struct Attempt {
        let endpoint: Endpoint
        /// -1 while nobody listens there.
        private(set) var descriptor: Int32 = -1
        private(set) var isDone = false

        init(endpoint: Endpoint) { self.endpoint = endpoint }

        mutating func beginUnlessBegun() { if descriptor < 0 { descriptor = endpoint.connecting() ?? -1 } }

        /// Ends the attempt one way or the other: there is a banner, an end, or an error.
        mutating func look() {
            var bytes = [UInt8](repeating: 0, count: 4)
            isDone = recv(descriptor, &bytes, bytes.count, 0) == bytes.count && bytes == Array("SSH-".utf8)
            close()
            descriptor = -1
        }

        func close() { if descriptor >= 0 { _ = Foundation.close(descriptor) } }
    }
}

import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Descriptors for a program's standard streams.
package struct ProgramStreams: Sendable, Hashable {
    package let input: Int32
    package let output: Int32
    package let error: Int32
}

/// Pipes to a program that somebody else starts, served by one thread with poll(2) as long as it runs.
package final class ProgramPipes: Sendable {
    /// Where the program's standard input comes from.
    package enum Input: Sendable {
        case bytes([UInt8])
        /// A descriptor of this process, which is read as long as the program runs.
        case descriptor(Int32, after: [UInt8] = [])

        /// The same with something in front of it.
        func behind(_ first: [UInt8]) -> Input {
            switch self {
            case .bytes(let bytes): .bytes(first + bytes)
            case .descriptor(let descriptor, let bytes): .descriptor(descriptor, after: first + bytes)
            }
        }
    }

    private let streams: ProgramStreams
    private let ends: ProgramStreams
    /// The thread ends when a byte comes from the one to the other: a child of this process may have a copy of either.
    private let running: (read: Int32, write: Int32)

    /// Runs a program with pipes for its standard streams, and hands on what it prints as it comes.
    ///
    /// - Parameters:
    ///   - input: What it reads.
    ///   - onOutput: Gets what it writes to standard output, on another thread.
    ///   - onError: Gets what it writes to standard error, on the same thread.
    ///   - program: Runs it, and returns when it has ended.
    /// - Returns: What `program` returns, once all that the program has printed is handed on.
    /// - Throws: What `program` throws; ``ClusterError`` if the system refuses a pipe or a thread.
    package static func run<Result: Sendable>(
        input: Input, onOutput: @escaping @Sendable (ArraySlice<UInt8>) -> Void,
        onError: @escaping @Sendable (ArraySlice<UInt8>) -> Void,
        program: (ProgramStreams) async throws -> Result
    ) async throws -> Result {
        let pipes = try ProgramPipes()
        let (served, continuation) = AsyncStream.makeStream(of: Void.self)
        do {
            try BlockingThread.start(stackSize: 2 * BlockingThread.stackSize) {
                pipes.serve(input, onOutput, onError)
                continuation.finish()
            }
        } catch {
            for end in [pipes.running.write, pipes.running.read, pipes.ends.input, pipes.ends.output, pipes.ends.error]
            {
                close(end)
            }
            pipes.closeStreams()
            throw error
        }
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await program(pipes.streams)) } catch { outcome = .failure(error) }
        pipes.closeStreams()
        _ = write(pipes.running.write, [1 as UInt8], 1)
        close(pipes.running.write)
        // Even in a task that is cancelled: what the thread has open is nobody's before it has ended.
        await Task { for await _ in served {} }.value
        return try outcome.get()
    }

    /// Runs a program with pipes for its standard streams, and collects what it prints.
    ///
    /// - Parameters:
    ///   - input: What it reads.
    ///   - program: Runs it, and returns its exit code when it has ended.
    /// - Returns: What it has printed, and its exit code.
    /// - Throws: As ``run(input:onOutput:onError:program:)`` does.
    package static func collect(
        input: [UInt8], program: (ProgramStreams) async throws -> Int32
    ) async throws -> CommandOutput {
        let (output, error) = (Locked<[UInt8]>([]), Locked<[UInt8]>([]))
        let code = try await run(input: .bytes(input)) { bytes in
            output.withLock { $0 += bytes }
        } onError: { bytes in
            error.withLock { $0 += bytes }
        } program: { streams in
            try await program(streams)
        }
        return CommandOutput(output: output.withLock { $0 }, error: error.withLock { $0 }, exitCode: code)
    }

    private init() throws {
        var made: [Int32] = []
        for _ in 0..<4 {
            var ends: [Int32] = [-1, -1]
            guard Forks.pipe(&ends) == 0 else {
                let cause = String(cString: strerror(errno))
                for end in made { close(end) }
                throw ClusterError(.provisioningFailed, "No pipe could be made: \(cause).")
            }
            made += ends
        }
        streams = ProgramStreams(input: made[0], output: made[3], error: made[5])
        ends = ProgramStreams(input: made[1], output: made[2], error: made[4])
        running = (made[6], made[7])
        for end in [ends.input, ends.output, ends.error] { _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) }
    }

    private func closeStreams() { for stream in [streams.input, streams.output, streams.error] { close(stream) } }

    /// The thread's work: until the program has ended, and what it has printed by then is read.
    private func serve(
        _ input: Input, _ onOutput: (ArraySlice<UInt8>) -> Void, _ onError: (ArraySlice<UInt8>) -> Void
    ) {
        blockBrokenPipes()
        var source: Int32 = -1
        var waiting: ArraySlice<UInt8> = []
        switch input {
        case .bytes(let bytes): waiting = bytes[...]
        case .descriptor(let descriptor, let first): (source, waiting) = (descriptor, first[...])
        }
        var (sink, output, error) = (ends.input, ends.output, ends.error)
        var isRunning = true
        while isRunning {
            if sink >= 0, waiting.isEmpty, source < 0 { Self.end(&sink) }
            var polled = [
                pollfd(fd: running.read, events: Int16(POLLIN), revents: 0),
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: error, events: Int16(POLLIN), revents: 0),
                pollfd(fd: waiting.isEmpty ? -1 : sink, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: waiting.isEmpty && sink >= 0 ? source : -1, events: Int16(POLLIN), revents: 0),
            ]
            poll(&polled, nfds_t(polled.count), -1)
            isRunning = polled[0].revents == 0
            if polled[1].revents != 0 || !isRunning { Self.drain(&output, onOutput) }
            if polled[2].revents != 0 || !isRunning { Self.drain(&error, onError) }
            if polled[3].revents != 0 {
                let count = waiting.withUnsafeBytes { write(sink, $0.baseAddress, $0.count) }
                if count >= 0 { waiting = waiting.dropFirst(count) } else if errno != EAGAIN { Self.end(&sink) }
            }
            if polled[4].revents != 0 {
                var bytes = [UInt8](repeating: 0, count: 65536)
                let count = read(source, &bytes, bytes.count)
                if count > 0 { waiting = bytes[..<count] } else if count == 0 || errno != EINTR { source = -1 }
            }
        }
        for var end in [sink, output, error] { Self.end(&end) }
        close(running.read)
    }

    /// Reads what is there now. A pipe holds less than this takes at most, though somebody may go on writing.
    private static func drain(_ descriptor: inout Int32, _ take: (ArraySlice<UInt8>) -> Void) {
        var bytes = [UInt8](repeating: 0, count: 65536)
        var room = 1 << 20
        while descriptor >= 0, room > 0 {
            let count = read(descriptor, &bytes, bytes.count)
            if count > 0 {
                take(bytes[..<count])
                room -= count
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                end(&descriptor)
            } else if errno == EAGAIN {
                return
            }
        }
    }

    private static func end(_ descriptor: inout Int32) {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    /// A program may end before it has read everything: that is an error of the write, and no signal.
    private func blockBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}

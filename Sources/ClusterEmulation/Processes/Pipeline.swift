import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Two programs, of which the second reads what the first writes, and how much that is.
struct Pipeline: Sendable {
    private let count = Locked(0)

    /// How many bytes have gone through so far.
    var bytes: Int { count.withLock { $0 } }

    /// Runs both to their ends. When the task is cancelled, both are killed.
    ///
    /// - Parameters:
    ///   - source: The program that writes.
    ///   - mark: A word that begins the line which says what comes behind it, after a space; what comes before is dropped. Without a mark,
    ///     everything is for the second program.
    ///   - sink: Gets that line, and says which program reads the rest.
    /// - Returns: How the two have ended; of the second, nil if the line never came.
    /// - Throws: What `sink` throws; ``ClusterError`` if a program can't be started; `CancellationError`.
    func run(
        _ source: Command, mark: String? = nil, to sink: @escaping @Sendable (String) throws -> Command
    ) async throws -> (source: CommandOutput, sink: CommandOutput?) {
        let (upper, lower) = (try Ends(), try Ends())
        return try await withThrowingTaskGroup(of: (isSource: Bool, output: CommandOutput?).self) { group in
            group.addTask {
                defer { upper.writing.close() }
                return (true, try await source.output(writingTo: upper.writing.number))
            }
            group.addTask {
                let read = await BlockingThread.run { upper.reading.read(until: mark) }
                guard let (line, rest) = read else {
                    upper.reading.close()
                    return (false, nil)
                }
                let command = try sink(line)
                let passing = Task { await BlockingThread.run { self.pass(rest, from: upper, to: lower) } }
                let outcome: Result<CommandOutput, any Error>
                do {
                    outcome = .success(try await command.output(readingFrom: lower.reading.number))
                } catch {
                    outcome = .failure(error)
                }
                // Nobody reads any more: an error of the write ends the thread.
                lower.reading.close()
                if case .success = outcome { await passing.value }
                return (false, try outcome.get())
            }
            var outputs: [Bool: CommandOutput?] = [:]
            for try await end in group { outputs[end.isSource] = end.output }
            // Both tasks have ended, and have said so.
            guard case let source?? = outputs[true], let sink = outputs[false] else { throw CancellationError() }
            return (source, sink)
        }
    }

    private func pass(_ first: [UInt8], from upper: Ends, to lower: Ends) {
        Ends.blockBrokenPipes()
        var bytes = first
        var isRead = lower.writing.write(bytes[...])
        bytes = [UInt8](repeating: 0, count: 1 << 17)
        while isRead, case let length = upper.reading.read(&bytes), length > 0 {
            isRead = lower.writing.write(bytes[..<length])
            count.withLock { $0 += length }
        }
        upper.reading.close()
        lower.writing.close()
    }
}

/// A pipe whose ends are each closed once.
private struct Ends: Sendable {
    let reading: End
    let writing: End

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard Forks.pipe(&ends) == 0 else {
            throw ClusterError(.provisioningFailed, "No pipe could be made: \(String(cString: strerror(errno))).")
        }
        (reading, writing) = (End(ends[0]), End(ends[1]))
    }

    /// A program may end before it has read everything: that is an error of the write, and no signal.
    static func blockBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    final class End: Sendable {
        let number: Int32
        private let isOpen = Locked(true)

        init(_ number: Int32) { self.number = number }

        deinit { close() }

        func close() {
            let wasOpen = isOpen.withLock { isOpen in
                defer { isOpen = false }
                return isOpen
            }
            if wasOpen { Forks.close(number) }
        }

        /// - Returns: How many bytes were read; 0 at the end.
        func read(_ bytes: inout [UInt8]) -> Int {
            while true {
                let length = readBytes(number, &bytes, bytes.count)
                if length >= 0 || errno != EINTR { return max(length, 0) }
            }
        }

        /// - Returns: Whether somebody has read, or still may.
        func write(_ bytes: ArraySlice<UInt8>) -> Bool {
            var left = bytes
            while !left.isEmpty {
                let length = left.withUnsafeBytes { writeBytes(number, $0.baseAddress, $0.count) }
                if length > 0 { left = left.dropFirst(length) } else if errno != EINTR { return false }
            }
            return true
        }

        /// Reads up to and including the line that begins with the mark.
        ///
        /// - Returns: What the line says, and what was read behind it; nil if it didn't come.
        func read(until mark: String?) -> (line: String, rest: [UInt8])? {
            guard let mark else { return ("", []) }
            let beginning = Array("\n\(mark) ".utf8)
            var (read, bytes): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65536))
            // Nobody's start-up files print more.
            while read.count < 1 << 20, case let length = self.read(&bytes), length > 0 {
                read += bytes[..<length]
                guard let found = read.firstRange(of: beginning),
                    let end = read[found.upperBound...].firstIndex(of: UInt8(ascii: "\n"))
                else { continue }
                return (String(decoding: read[found.upperBound..<end], as: UTF8.self), Array(read[(end + 1)...]))
            }
            return nil
        }
    }
}

// Within `End`, its own methods have these names.
private let readBytes = read(_:_:_:)
private let writeBytes = write(_:_:_:)

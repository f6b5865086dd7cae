import ClusterEmulation
import Foundation

/// A signal that was sent to this process.
struct ReceivedSignal: Sendable {
    let number: Int32
    /// Whether a terminal sent it, which sends it to the programs that this process has started too.
    let isFromTerminal: Bool
}

/// The signals that end a command, as they come: from the first call on, they no longer end this process by themselves.
enum Signals {
    static let all: AsyncStream<ReceivedSignal> = {
        let (stream, continuation) = AsyncStream.makeStream(of: ReceivedSignal.self)
        for number in [SIGINT, SIGTERM, SIGHUP] { install(number) }
        Thread.detachNewThread {
            var bytes: [UInt8] = [0, 0]
            while true {
                let count = read(ends.reading, &bytes, 2)
                if count == 2 {
                    continuation.yield(ReceivedSignal(number: Int32(bytes[0]), isFromTerminal: bytes[1] != 0))
                } else if count == 0 || errno != EINTR {
                    return continuation.finish()
                }
            }
        }
        return stream
    }()

    /// A handler may do little more than write to a pipe; it is made before the first one is installed.
    private static let ends: (reading: Int32, writing: Int32) = {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        writingEnd = ends[1]
        return (ends[0], ends[1])
    }()

    private static func install(_ number: Int32) {
        _ = ends
        var action = sigaction()
        action.sa_flags = SA_SIGINFO | SA_RESTART
        let handler: @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void = {
            number, info, _ in
            // Positive codes are the kernel's: the terminal's driver speaks through it.
            var bytes: (UInt8, UInt8) = (UInt8(truncatingIfNeeded: number), (info?.pointee.si_code ?? 0) > 0 ? 1 : 0)
            _ = write(writingEnd, &bytes, 2)
        }
        #if canImport(Darwin)
        action.__sigaction_u.__sa_sigaction = handler
        #else
        action.__sigaction_handler.sa_sigaction = handler
        #endif
        sigaction(number, &action, nil)
    }
}

// Written once, before the handlers that read it are installed.
private nonisolated(unsafe) var writingEnd: Int32 = -1

/// Work that a signal cancels: what it began is taken back, and then the command ends as the signal would have ended it.
enum Interruptible {
    static func run<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let work = Task { try await body() }
        let interruption = Task { () -> Int32? in
            for await signal in Signals.all {
                Console.note("interrupted: taking everything back")
                work.cancel()
                return signal.number
            }
            return nil
        }
        do {
            let result = try await work.value
            interruption.cancel()
            return result
        } catch {
            if work.isCancelled, let number = await interruption.value { Foundation.exit(128 + number) }
            interruption.cancel()
            throw error
        }
    }
}

import ClusterEmulation
import Foundation

/// A signal that was sent to this process.
struct ReceivedSignal: Sendable {
    let number: Int32
    /// Whether a terminal sent it, which sends it to the programs that this process has started too.
    let isFromTerminal: Bool
}

/// The signals that end a command. From the first use on they don't end this process by themselves: whoever is in charge
/// at the moment is told, and while nobody is, they wait for the next one.
enum Signals {
    private struct Board {
        var handler: (@Sendable (ReceivedSignal) -> Void)?
        var waiting: [ReceivedSignal] = []
    }

    private static let board = Locked(Board())

    /// Runs a closure with another in charge of the signals that come meanwhile.
    static func handled<Result>(
        by handler: @escaping @Sendable (ReceivedSignal) -> Void, _ body: () async throws -> Result
    ) async rethrows -> Result {
        _ = installed
        let waiting = board.withLock { board in
            board.handler = handler
            defer { board.waiting = [] }
            return board.waiting
        }
        for signal in waiting { handler(signal) }
        defer { board.withLock { $0.handler = nil } }
        return try await body()
    }

    private static let installed: Void = {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        writingEnd = ends[1]
        let reading = ends[0]
        let hears: Void? = try? BlockingThread.start {
            var bytes: [UInt8] = [0, 0]
            while true {
                guard read(reading, &bytes, 2) == 2 else { continue }
                let signal = ReceivedSignal(number: Int32(bytes[0]), isFromTerminal: bytes[1] != 0)
                let handler = board.withLock { board in
                    if board.handler == nil { board.waiting.append(signal) }
                    return board.handler
                }
                handler?(signal)
            }
        }
        // Without it, signals do what they always do.
        guard hears != nil else { return }
        for number in [SIGINT, SIGTERM, SIGHUP] { install(number) }
    }()

    /// A handler may do little more than write to a pipe.
    private static func install(_ number: Int32) {
        var action = sigaction()
        action.sa_flags = Int32(SA_SIGINFO) | Int32(SA_RESTART)
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
        let number = Locked<Int32?>(nil)
        return try await Signals.handled { signal in
            Console.note("interrupted: taking everything back")
            number.withLock { $0 = signal.number }
            work.cancel()
        } _: {
            do { return try await work.value } catch {
                if let number = number.withLock({ $0 }) { Foundation.exit(128 + number) }
                throw error
            }
        }
    }
}

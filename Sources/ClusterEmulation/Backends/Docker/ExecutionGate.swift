/// Keeps programs that are being started on a container apart from its being paused.
///
/// An engine that freezes a container while it starts a program there can't be asked about it any more, and not to thaw it: it waits for the
/// program, which is frozen half-way (seen with Docker 20.10 on control groups of version 1). Nothing tells when a program has been started. So
/// those of this process are waited for until they have ended, or have had ten seconds to start (one was too little on a busy machine), and new ones wait until the container is paused,
/// and find that it is.
final class ExecutionGate: Sendable {
    static let shared = ExecutionGate()

    private struct Execution {
        let begun = ContinuousClock.now
        let end = Once<Void>()
    }

    private struct State {
        var running: [String: [Int: Execution]] = [:]
        var pausing: [String: Once<Void>] = [:]
        var last = 0
    }

    private let state = Locked(State())

    /// Runs what starts a program on a container.
    func execute<Value>(on container: String, _ body: () async throws -> Value) async throws -> Value {
        let number = try await enter(container)
        defer { leave(container, number) }
        return try await body()
    }

    private func enter(_ container: String) async throws -> Int {
        while true {
            let (number, pause) = state.withLock { state -> (Int, Once<Void>?) in
                if let pause = state.pausing[container] { return (0, pause) }
                state.last += 1
                state.running[container, default: [:]][state.last] = Execution()
                return (state.last, nil)
            }
            guard let pause else { return number }
            try await pause.value
        }
    }

    private func leave(_ container: String, _ number: Int) {
        state.withLock { state in
            state.running[container]?.removeValue(forKey: number)?.end.settle(())
            if state.running[container]?.isEmpty == true { state.running[container] = nil }
        }
    }

    /// Pauses a container while no program is being started on it. Of several who want that, each does it after the other.
    func pause(_ container: String, _ body: () async throws -> Void) async throws {
        let own = Once<Void>()
        while let other = state.withLock({ state -> Once<Void>? in
            if let other = state.pausing[container] { return other }
            state.pausing[container] = own
            return nil
        }) { try await other.value }
        defer {
            state.withLock { $0.pausing[container] = nil }
            own.settle(())
        }
        for execution in state.withLock({ Array(($0.running[container] ?? [:]).values) }) {
            let left = execution.begun + .seconds(10) - .now
            if left > .zero { _ = try? await withDeadline(left) { try await execution.end.value } }
        }
        try Task.checkCancellation()
        try await body()
    }
}

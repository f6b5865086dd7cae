/// Something that becomes known once, and that many may wait for.
package final class Once<Value: Sendable>: Sendable {
    private typealias Waiting = CheckedContinuation<Value?, Never>

    private struct State {
        var value: Value?
        var waiting: [Int: Waiting] = [:]
        var last = 0
    }

    private let state = Locked(State())

    package init() {}

    /// Nil as long as it is not known.
    package var known: Value? { state.withLock { $0.value } }

    /// Makes it known. What is known already stays as it is.
    package func settle(_ value: Value) {
        let waiting = state.withLock { state -> [Waiting] in
            guard state.value == nil else { return [] }
            state.value = .some(value)
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume(returning: value) }
    }

    /// Waits for it.
    ///
    /// - Throws: `CancellationError` if the task is cancelled before it is known.
    package var value: Value {
        get async throws {
            let number = state.withLock { state in
                state.last += 1
                return state.last
            }
            let value = await withTaskCancellationHandler {
                await withCheckedContinuation { register($0, number) }
            } onCancel: {
                let waiting = state.withLock { $0.waiting.removeValue(forKey: number) }
                waiting?.resume(returning: nil)
            }
            guard let value else { throw CancellationError() }
            return value
        }
    }

    private func register(_ continuation: Waiting, _ number: Int) {
        let (isOver, value) = state.withLock { state -> (Bool, Value?) in
            // A task that is cancelled already has called its handler, which has found nobody.
            if state.value != nil || Task.isCancelled { return (true, state.value) }
            state.waiting[number] = continuation
            return (false, nil)
        }
        if isOver { continuation.resume(returning: value) }
    }
}

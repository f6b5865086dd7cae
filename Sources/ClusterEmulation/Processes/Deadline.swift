/// Says that an operation had not ended when its time was over.
package struct DeadlineExceeded: Error {}

/// Runs `operation`, and cancels it when `limit` has passed.
///
/// - Throws: ``DeadlineExceeded`` when the time is over; else what `operation` throws.
package func withDeadline<Value: Sendable>(
    _ limit: Duration, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw DeadlineExceeded()
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}

/// Runs `operation` to its end even when the surrounding task is cancelled, and waits for it.
///
/// The task is unstructured, so cancellation does not reach it, but not detached, so task-local values do.
package func uncancelled<Value: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await Task { try await operation() }.value
}

extension Duration {
    /// Seconds as a person writes them: `60 s`, `0.25 s`.
    package var inSeconds: String {
        let seconds = self / .seconds(1)
        return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\((seconds * 1000).rounded() / 1000) s"
    }
}

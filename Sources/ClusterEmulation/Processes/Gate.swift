import Foundation

/// Lets a few at a time do what would only go slower if all did it at once.
package actor Gate {
    /// For clusters of this process that start: tests run in parallel.
    static let starts = Gate(places: 2)

    /// For programs that are started by the hundred, and keep a processor busy.
    static func programs() -> Gate { Gate(places: 4 * ProcessInfo.processInfo.activeProcessorCount) }

    private var places: Int
    private var waiting: [Once<Void>] = []

    package init(places: Int) { self.places = places }

    package func pass<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        try await enter()
        defer { leave() }
        try Task.checkCancellation()
        return try await body()
    }

    private func enter() async throws {
        if places > 0 {
            places -= 1
            return
        }
        let turn = Once<Void>()
        waiting.append(turn)
        do { try await turn.value } catch {
            // It may have been given the place meanwhile.
            if turn.known == nil { waiting.removeAll { $0 === turn } } else { leave() }
            throw error
        }
    }

    private func leave() {
        if waiting.isEmpty { places += 1 } else { waiting.removeFirst().settle(()) }
    }
}

import Foundation

/// A value that one thread at a time may touch. (The standard library's `Mutex` needs macOS 15.)
///
/// Unchecked, because the compiler can't see it: `value` is private and only ever touched while `lock` is held.
package final class Locked<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    package init(_ value: Value) { self.value = value }

    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        try lock.withLock { try body(&value) }
    }
}

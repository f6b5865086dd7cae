/// Does something with each of many, with only so many at a time.
///
/// - Parameters:
///   - items: The many.
///   - limit: How many at a time: at least 1.
///   - body: What is done with each.
/// - Returns: What came of each, in the order of the items.
/// - Throws: What `body` throws first: then the others are cancelled, and what has not begun never begins. `CancellationError`.
package func concurrently<Item: Sendable, Value: Sendable>(
    _ items: [Item], atMost limit: Int, _ body: @escaping @Sendable (Item) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: (index: Int, value: Value).self) { group in
        var values = [Value?](repeating: nil, count: items.count)
        var waiting = items.enumerated().makeIterator()
        func begin() {
            if let (index, item) = waiting.next() { group.addTask { (index, try await body(item)) } }
        }
        for _ in 0..<limit { begin() }
        while let (index, value) = try await group.next() {
            values[index] = value
            try Task.checkCancellation()
            begin()
        }
        return values.compactMap(\.self)
    }
}

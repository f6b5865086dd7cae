/// Does a thing once when several ask for it at the same time: all wait for the one that began, and get what it comes to.
actor OnceEach<Value: Sendable> {
    private var running: [String: Task<Value, any Error>] = [:]

    func once(_ key: String, _ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = running[key] ?? Task { try await body() }
        running[key] = task
        defer { running[key] = nil }
        return try await task.value
    }
}

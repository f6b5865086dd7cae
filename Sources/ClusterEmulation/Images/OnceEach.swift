/// Does a thing once when several ask for it at the same time: all wait for the one that began.
actor OnceEach {
    private var running: [String: Task<Void, any Error>] = [:]

    func once(_ key: String, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = running[key] ?? Task { try await body() }
        running[key] = task
        defer { running[key] = nil }
        try await task.value
    }
}

/// The pauses between looks at what nobody tells of: a short one first, and each twice as long as the one before.
struct Pauses {
    private var next: Duration
    private let longest: Duration

    /// - Parameters:
    ///   - first: How long the first one is.
    ///   - longest: None is longer.
    init(from first: Duration = .milliseconds(1), upTo longest: Duration) {
        (next, self.longest) = (first, longest)
    }

    /// Waits for one pause.
    ///
    /// - Throws: `CancellationError`.
    mutating func pass() async throws {
        try await Task.sleep(for: next)
        next = min(next * 2, longest)
    }
}

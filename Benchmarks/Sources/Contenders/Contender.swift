/// A way of getting N machines that answer to SSH, or a Slurm with N of them.
///
/// Each contender keeps its own clock, so that only the work is measured: not the start of an interpreter, say, or the
/// making of a key.
protocol Contender: AnyObject {
    var name: String { get }

    /// Says why it can't take part on this machine, and how to get what is missing; nil if it can.
    func whyNot() -> String?

    /// Starts the nodes and returns how long each step took, counted from the beginning; `banners` and `ready` always, or with Slurm `job`.
    func setUp(nodes: Int) async throws -> Times

    /// Takes down whatever there is, also after a set-up that failed.
    func tearDown() async throws
}

extension Contender {
    /// Sets up and tears down once.
    func round(nodes: Int) async throws -> Times {
        do {
            var times = try await setUp(nodes: nodes)
            var stopwatch = Stopwatch()
            try await tearDown()
            stopwatch.lap(.teardown)
            times[.teardown] = stopwatch.times[.teardown]
            return times
        } catch {
            try? await tearDown()
            throw error
        }
    }
}

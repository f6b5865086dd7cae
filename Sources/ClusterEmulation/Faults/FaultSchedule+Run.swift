extension Cluster {
    /// Runs a closure while faults begin and end as a schedule says.
    ///
    /// When the closure ends, however it does, what is broken is healed, and what has not begun does not begin. A fault begins later than
    /// it is to if its node is not yet as before the last one.
    ///
    /// - Parameters:
    ///   - schedule: The faults.
    ///   - body: What to do meanwhile.
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; ``ClusterError`` if something could not be broken or healed.
    @discardableResult
    public nonisolated(nonsending) func underFaults<Result>(
        _ schedule: FaultSchedule, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        for entry in schedule.entries { try entry.fault.check(handle) }
        let running = Task { try await run(schedule) }
        let result: Result
        do { result = try await body() } catch {
            running.cancel()
            // What the body threw is what the caller wants to know.
            if case .failure(let other) = await running.result { Progress.say("\(other)") }
            throw error
        }
        running.cancel()
        try await running.value
        return result
    }

    /// Returns when all faults are over, or the task is cancelled and they are healed. One that can't be is not a reason to leave the others.
    private func run(_ schedule: FaultSchedule) async throws {
        let beginning = ContinuousClock.now
        var begun: [(entry: FaultSchedule.Entry, task: Task<Void, any Error>)] = []
        for entry in schedule.entries {
            let earlier = begun.filter { $0.entry.isOver(before: entry) }.map(\.task)
            begun.append((entry, Task { try await self.run(entry, from: beginning, after: earlier) }))
        }
        let tasks = begun.map(\.task)
        try await withTaskCancellationHandler {
            var failure: (any Error)?
            for task in tasks {
                do { try await task.value } catch is CancellationError {} catch { failure = failure ?? error }
            }
            if let failure { throw failure }
        } onCancel: {
            for task in tasks { task.cancel() }
        }
    }

    /// A node may take longer to be as before than the schedule knows: whatever comes next on it waits for that.
    private func run(
        _ entry: FaultSchedule.Entry, from beginning: ContinuousClock.Instant, after earlier: [Task<Void, any Error>]
    ) async throws {
        for task in earlier { _ = await task.result }
        try await Task.sleep(until: beginning + entry.begin, clock: .continuous)
        // A cancelled sleep is its end, and not a failure that would be printed.
        try await under(entry.fault) { try? await Task.sleep(for: entry.length) }
    }
}

extension FaultSchedule.Entry {
    /// Whether it ends before another begins on the same node.
    fileprivate func isOver(before other: Self) -> Bool {
        fault.node != nil && fault.node == other.fault.node && begin + length <= other.begin
    }
}

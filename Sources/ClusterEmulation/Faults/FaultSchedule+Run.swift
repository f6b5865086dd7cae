extension Cluster {
    /// Runs a closure while faults begin and end as a schedule says.
    ///
    /// When the closure ends, however it does, what is broken is mended, and what has not begun does not begin.
    ///
    /// - Parameters:
    ///   - schedule: The faults.
    ///   - body: What to do meanwhile.
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; ``ClusterError`` if something could not be broken or mended.
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

    /// Returns when all faults are over, or the task is cancelled and they are mended. One that can't be is no reason to leave the others.
    private func run(_ schedule: FaultSchedule) async throws {
        let beginning = ContinuousClock.now
        let failures = Locked<[any Error]>([])
        await withTaskGroup(of: Void.self) { group in
            for entry in schedule.entries {
                group.addTask {
                    do { try await self.run(entry, from: beginning) } catch is CancellationError {} catch {
                        failures.withLock { $0.append(error) }
                    }
                }
            }
        }
        if let failure = failures.withLock({ $0.first }) { throw failure }
    }

    private func run(_ entry: FaultSchedule.Entry, from beginning: ContinuousClock.Instant) async throws {
        try await Task.sleep(until: beginning + entry.begin, clock: .continuous)
        // A cancelled sleep is its end, and not a failure that would be printed.
        try await under(entry.fault) { try? await Task.sleep(for: entry.length) }
    }
}

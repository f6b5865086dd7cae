extension FaultSchedule {
    /// Finds the shortest schedule, of some of the same faults, that something still fails under: Zeller's delta debugging.
    ///
    /// - Parameters:
    ///   - runs: How many schedules are tried at most.
    ///   - fails: Whether it fails under a schedule. What is left to chance may say one thing once and another thing the next time: a
    ///     schedule is kept if it failed once.
    /// - Returns: The schedule, and how many were tried.
    package func shrunk(
        runs: Int, _ fails: nonisolated(nonsending) (FaultSchedule) async throws -> Bool
    ) async rethrows -> (schedule: FaultSchedule, runs: Int) {
        var (kept, tried, parts) = (entries, 0, 2)
        // Perhaps it takes no fault at all.
        if !kept.isEmpty, runs > 0 {
            tried += 1
            if try await fails(FaultSchedule([])) { return (FaultSchedule([]), tried) }
        }
        while kept.count > 1, tried < runs {
            let size = (kept.count + parts - 1) / parts
            var isShorter = false
            for begin in stride(from: 0, to: kept.count, by: size) where tried < runs {
                let rest = Array(kept[..<begin] + kept[min(begin + size, kept.count)...])
                if rest.isEmpty { continue }
                tried += 1
                if try await fails(FaultSchedule(rest)) {
                    (kept, parts, isShorter) = (rest, max(parts - 1, 2), true)
                    break
                }
            }
            if isShorter { continue }
            if parts >= kept.count { break }
            parts = min(kept.count, parts * 2)
        }
        return (FaultSchedule(kept), tried)
    }
}

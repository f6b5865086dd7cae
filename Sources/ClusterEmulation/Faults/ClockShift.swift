import Foundation

/// A clock that is wrong, for what starts from then on.
struct ClockShift: Sendable, Hashable {
    /// How much later it is; below zero, earlier.
    let offset: Duration
    /// How fast time passes.
    let rate: Double
}

extension ClockShift: NodeBreakage {
    var words: String {
        let speed = rate == 1 ? "" : " and runs \(rate) times as fast"
        return "its clock is \(offset >= .zero ? "+" : "")\(offset.inSeconds) off\(speed)"
    }

    var place: String { "clock" }

    /// As libfaketime has it: `+3600.000 x2.0`.
    var text: String {
        String(format: "%+.3f", offset / .seconds(1)) + (rate == 1 ? "" : " x\(rate)")
    }

    func check() throws {
        guard rate.isFinite, rate >= 0.001, rate <= 1000 else {
            throw ClusterError(
                .invalidConfiguration, "A clock can't run \(rate) times as fast: 0.001 to 1000 is possible.")
        }
        // In both directions to where programs still know what to make of it.
        guard abs(offset / .seconds(1)) <= 1e9 else {
            throw ClusterError(
                .invalidConfiguration, "A clock can't be \(offset.inSeconds) off: about thirty years are possible.")
        }
    }

    func begin(on node: String, of cluster: any BackendCluster) async throws {
        try await NodeScript.clock.run(["set", text], on: node, of: cluster, "the clock can't be set")
    }

    func end(on node: String, of cluster: any BackendCluster) async throws {
        try await NodeScript.clock.run(["reset"], on: node, of: cluster, "the clock can't be set right")
    }
}

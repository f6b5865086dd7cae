import ClusterEmulation
import Testing

/// Schedules as values: made by chance, written as Swift, made shorter.
struct FaultScheduleTests {
    private static let nodes = ["node1", "node2", "node3"]

    @Test(arguments: UInt64(0)...50) func aSeedAlwaysMakesTheSameSchedule(seed: UInt64) {
        let mix = FaultMix(kinds: Set(FaultMix.Kind.allCases), count: 6)
        let schedule = FaultSchedule(seed: seed, nodes: Self.nodes, mix: mix)
        #expect(schedule == FaultSchedule(seed: seed, nodes: Self.nodes, mix: mix))
        #expect(schedule != FaultSchedule(seed: seed + 1000, nodes: Self.nodes, mix: mix))
        #expect((1...6).contains(schedule.entries.count))
        for entry in schedule.entries {
            #expect(entry.begin >= .zero && entry.begin + entry.length <= mix.window)
            #expect(mix.length.contains(entry.length))
        }
    }

    /// It would be another one if another release of Swift, or another system, made it.
    @Test func aScheduleIsTheSameEverywhere() {
        let schedule = FaultSchedule(seed: 42, nodes: Self.nodes, mix: FaultMix(kinds: [.pause, .isolate], count: 2))
        #expect(schedule == Self.known)
    }

    private static let known = FaultSchedule(
        .init(.isolated("node1"), at: .milliseconds(1208), for: .milliseconds(490)),
        .init(.paused("node3"), at: .milliseconds(2879), for: .milliseconds(405)))

    @Test(arguments: UInt64(0)...50) func aNodeHasOneFaultAtATimeAndSoHasTheNetwork(seed: UInt64) {
        let mix = FaultMix(kinds: [.kill, .pause, .ssh, .partition, .isolate], count: 10, window: .seconds(3))
        let entries = FaultSchedule(seed: seed, nodes: Self.nodes, mix: mix).entries
        func place(_ fault: Fault) -> String {
            "\(fault)".contains("isolated") || fault.node == nil ? "network" : fault.node ?? ""
        }
        for (index, one) in entries.enumerated() {
            for other in entries[(index + 1)...] where place(one.fault) == place(other.fault) {
                #expect(other.begin > one.begin + one.length, "\(one) \(other)")
            }
        }
    }

    @Test func nodesThatAreSparedAreNotBroken() {
        for seed in UInt64(0)..<50 {
            let mix = FaultMix(kinds: [.kill, .pause, .ssh, .clock, .names], spared: ["node1", "node3"])
            #expect(
                FaultSchedule(seed: seed, nodes: Self.nodes, mix: mix).entries.allSatisfy { $0.fault.node == "node2" })
        }
        let all = FaultMix(kinds: [.kill], spared: Set(Self.nodes))
        #expect(FaultSchedule(seed: 1, nodes: Self.nodes, mix: all).entries.isEmpty)
    }

    @Test func aScheduleIsWrittenAsItIsInSwift() {
        let schedule = FaultSchedule(
            .init(.paused("node2"), at: .milliseconds(120), for: .seconds(2)),
            .init(.partitioned([["node1"], ["node2", "node3"]]), at: .zero, for: .milliseconds(1500)),
            .init(.ssh(.stalled(.beforeBanner), on: "node1"), at: .seconds(3), for: .seconds(1)),
            .init(
                .ssh(.loginsLimited(.init(from: 1, percent: 30, full: 10)), on: "node1"), at: .seconds(4),
                for: .seconds(1)),
            .init(.clock("node1", offset: .seconds(-60), rate: 2), at: .seconds(5), for: .seconds(1)),
            .init(.names(.wrong("node2", "192.0.2.1"), on: "node1"), at: .seconds(6), for: .seconds(1)),
            .init(.degraded("node1", latency: .milliseconds(20), loss: 0.1), at: .seconds(7), for: .seconds(1)),
            .init(.diskFull("node1", leaving: 4096), at: .seconds(8), for: .seconds(1)))
        #expect(
            schedule.description
                == #"FaultSchedule(.init(.partitioned([["node1"], ["node2", "node3"]]), at: .seconds(0), for: .milliseconds(1500)), "#
                + #".init(.paused("node2"), at: .milliseconds(120), for: .seconds(2)), "#
                + #".init(.ssh(.stalled(.beforeBanner), on: "node1"), at: .seconds(3), for: .seconds(1)), "#
                + #".init(.ssh(.loginsLimited(.init(from: 1, percent: 30, full: 10)), on: "node1"), at: .seconds(4), for: .seconds(1)), "#
                + #".init(.clock("node1", offset: .seconds(-60), rate: 2.0), at: .seconds(5), for: .seconds(1)), "#
                + #".init(.names(.wrong("node2", "192.0.2.1"), on: "node1"), at: .seconds(6), for: .seconds(1)), "#
                + #".init(.degraded("node1", latency: .milliseconds(20), loss: 0.1), at: .seconds(7), for: .seconds(1)), "#
                + #".init(.diskFull("node1", leaving: 4096), at: .seconds(8), for: .seconds(1)))"#)
    }

    private static func numbered(_ count: Int) -> FaultSchedule {
        FaultSchedule((0..<count).map { .init(.paused("node\($0)"), at: .seconds($0), for: .seconds(1)) })
    }

    @Test(arguments: [[3], [0, 9], [2, 5, 7], []]) func theShortestScheduleThatStillFailsIsFound(guilty: [Int]) async {
        let names = Set(guilty.map { "node\($0)" })
        let (shortest, runs) = await Self.numbered(10).shrunk(runs: 100) { schedule in
            names.isSubset(of: schedule.entries.compactMap(\.fault.node))
        }
        #expect(shortest.entries.compactMap(\.fault.node) == guilty.map { "node\($0)" })
        #expect(runs < 40)
    }

    @Test func aBoundedNumberOfRunsIsTried() async {
        let (shortest, runs) = await Self.numbered(16).shrunk(runs: 3) {
            $0.entries.contains { $0.fault.node == "node15" }
        }
        #expect(runs == 3)
        #expect(shortest.entries.contains { $0.fault.node == "node15" } && shortest.entries.count < 16)
        // What fails once only is told whole.
        let whole = await Self.numbered(4).shrunk(runs: 100) { _ in false }
        #expect(whole.schedule == Self.numbered(4))
    }
}

/// What chance makes schedules of.
public struct FaultMix: Sendable, Hashable {
    /// A kind of fault.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A node is cut off from power, and started again.
        case kill
        /// A node is stopped in order, and started again.
        case stop
        /// A node is frozen.
        case pause
        /// The network falls into two parts.
        case partition
        /// A node is cut off from all others.
        case isolate
        /// What is between a node and all others is slow and lossy.
        case degrade
        /// A node's sshd is broken, in one of the ways of ``SSHFault``.
        case ssh
        /// A node's clock is up to a day off, for what starts there.
        case clock
        /// A node learns names late, or can't find another node's.
        case names
    }

    /// Which kinds there are.
    public var kinds: Set<Kind>
    /// How many faults a schedule has at most. A node has one at a time, and so has the network.
    public var count: Int
    /// In which time they begin and end.
    public var window: Duration
    /// How long each lasts.
    public var length: ClosedRange<Duration>
    /// The names of the nodes that are spared; the network's faults concern them all the same.
    public var spared: Set<String>

    /// Describes which faults a random schedule may have.
    ///
    /// - Parameters:
    ///   - kinds: Which kinds there are; by default a node that is killed, stopped or frozen, and a network that is cut.
    ///   - count: How many faults at most.
    ///   - window: In which time they begin and end.
    ///   - length: How long each lasts.
    ///   - spared: The names of nodes that are spared.
    public init(
        kinds: Set<Kind> = [.kill, .stop, .pause, .partition, .isolate], count: Int = 4, window: Duration = .seconds(4),
        length: ClosedRange<Duration> = .milliseconds(100) ... .milliseconds(1500), spared: Set<String> = []
    ) {
        self.kinds = kinds
        self.count = count
        self.window = window
        self.length = length
        self.spared = spared
    }
}

extension FaultSchedule {
    /// Makes a schedule by chance: the same for the same seed, mix and nodes.
    ///
    /// - Parameters:
    ///   - seed: Any number.
    ///   - cluster: The cluster whose nodes it is about.
    ///   - mix: What it is made of.
    public init(seed: UInt64, on cluster: Cluster, mix: FaultMix = FaultMix()) {
        self.init(seed: seed, nodes: cluster.nodes.map(\.name), mix: mix)
    }

    /// Makes a schedule by chance: the same for the same seed, mix and nodes.
    ///
    /// - Parameters:
    ///   - seed: Any number.
    ///   - nodes: The names of the cluster's nodes.
    ///   - mix: What it is made of.
    public init(seed: UInt64, nodes: [String], mix: FaultMix = FaultMix()) {
        var making = Making(nodes: nodes, mix: mix, chance: Chance(seed: seed))
        self.init(making.entries())
    }
}

/// Steele, Lea and Flood's SplitMix64 (2014): small, quick, and the same everywhere.
struct Chance: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var number = state
        number = (number ^ (number >> 30)) &* 0xbf58_476d_1ce4_e5b9
        number = (number ^ (number >> 27)) &* 0x94d0_49bb_1331_11eb
        return number ^ (number >> 31)
    }
}

/// A schedule that is being made.
private struct Making {
    let nodes: [String]
    let mix: FaultMix
    var chance: Chance

    /// Nodes that may be broken, one by one.
    private var victims: [String] { nodes.filter { !mix.spared.contains($0) } }

    mutating func entries() -> [FaultSchedule.Entry] {
        // A set has no order of its own.
        let kinds = FaultMix.Kind.allCases.filter { mix.kinds.contains($0) && isPossible($0) }
        var entries: [FaultSchedule.Entry] = []
        guard !kinds.isEmpty else { return [] }
        for _ in 0..<max(0, mix.count) {
            // Where no place is free after some attempts, there is hardly one.
            for _ in 0..<20 {
                let entry = entry(kinds[Int.random(in: 0..<kinds.count, using: &chance)])
                if entries.contains(where: { Self.collide($0, entry) }) { continue }
                entries.append(entry)
                break
            }
        }
        return entries
    }

    private func isPossible(_ kind: FaultMix.Kind) -> Bool {
        switch kind {
        case .partition: nodes.count > 1
        case .isolate, .degrade, .names: nodes.count > 1 && !victims.isEmpty
        default: !victims.isEmpty
        }
    }

    private mutating func entry(_ kind: FaultMix.Kind) -> FaultSchedule.Entry {
        let fault = fault(kind)
        let length = duration(mix.length.lowerBound, max(mix.length.lowerBound, min(mix.length.upperBound, mix.window)))
        return .init(fault, at: duration(.zero, max(.zero, mix.window - length)), for: length)
    }

    /// Whole milliseconds, which read well.
    private mutating func duration(_ least: Duration, _ most: Duration) -> Duration {
        let bounds = (Int(least / .milliseconds(1)), Int(most / .milliseconds(1)))
        return .milliseconds(Int.random(in: bounds.0...max(bounds.0, bounds.1), using: &chance))
    }

    private mutating func fault(_ kind: FaultMix.Kind) -> Fault {
        if kind == .partition { return .partitioned(parts()) }
        let node = victims[Int.random(in: 0..<victims.count, using: &chance)]
        switch kind {
        case .kill: return .killed(node)
        case .stop: return .stopped(node)
        case .pause: return .paused(node)
        case .isolate: return .isolated(node)
        case .degrade:
            return .degraded(
                node, latency: duration(.milliseconds(5), .milliseconds(200)),
                loss: Double(Int.random(in: 0...20, using: &chance)) / 100)
        case .ssh: return .ssh(sshFault(), on: node)
        case .clock: return .clock(node, offset: .seconds(Int.random(in: -86400...86400, using: &chance)))
        case .names: return .names(nameFault(of: node), on: node)
        case .partition: preconditionFailure("a partition is of no node")
        }
    }

    private mutating func parts() -> [[String]] {
        let mixed = nodes.shuffled(using: &chance)
        let count = Int.random(in: 1..<nodes.count, using: &chance)
        let first = Set(mixed.prefix(count))
        return [nodes.filter { first.contains($0) }, nodes.filter { !first.contains($0) }]
    }

    private mutating func sshFault() -> SSHFault {
        let faults: [SSHFault] = [
            .loginsRefused, .stalled(.beforeBanner), .stalled(.afterKeyExchange), .loginsLimited(1), .hostKeyChanged,
            .bannerSlowed(duration(.milliseconds(100), .milliseconds(2000))), .connectionsDropped(afterBytes: 20000),
        ]
        return faults[Int.random(in: 0..<faults.count, using: &chance)]
    }

    private mutating func nameFault(of node: String) -> NameFault {
        let others = nodes.filter { $0 != node }
        let other = others[Int.random(in: 0..<others.count, using: &chance)]
        let delay = duration(.milliseconds(50), .milliseconds(3000))
        return Bool.random(using: &chance) ? .missing(other) : .slow(delay)
    }

    /// A node has one fault at a time, and so has the network: what is off can't be broken, nor healed. Nothing is so quick that a
    /// fault could begin the moment another ends.
    private static func collide(_ one: FaultSchedule.Entry, _ other: FaultSchedule.Entry) -> Bool {
        let gap = Duration.milliseconds(100)
        let apart = one.begin > other.begin + other.length + gap || other.begin > one.begin + one.length + gap
        func slot(_ entry: FaultSchedule.Entry) -> String? { entry.fault.isOfNetwork ? nil : entry.fault.node }
        return !apart && slot(one) == slot(other)
    }
}

extension Fault {
    fileprivate var isOfNetwork: Bool { if case .network = kind { true } else { false } }
}

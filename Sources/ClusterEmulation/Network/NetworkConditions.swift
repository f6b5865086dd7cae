/// What a cluster's network does to what is sent over it: the whole of it as one value, which can be compared, printed, stored and applied.
///
/// It says for directions between places what they do. What it doesn't say is as on a healthy network.
///
/// ```swift
/// var conditions = NetworkConditions()
/// conditions[from: .node("node1"), to: .node("node2")] = .init(latency: .milliseconds(20), loss: 0.1)
/// try await withCluster(nodes: 2) { cluster in
///     try await cluster.setNetworkConditions(conditions)
/// }
/// ```
public struct NetworkConditions: Sendable, Hashable {
    /// Somebody on the network.
    public enum Place: Sendable, Hashable {
        /// A node, by its name.
        case node(String)
        /// The machine that the cluster was started on, at its address in the cluster's network. It reaches published ports all the same.
        case machine
        /// Whatever is in none of the cluster's networks.
        case outside
    }

    /// What all directions do that lead from one of some places to one of others.
    package struct Rule: Sendable, Hashable {
        package let sources: Set<Place>
        package let targets: Set<Place>
        package let link: Link
    }

    /// For each direction the last that is about it counts.
    package private(set) var rules: [Rule] = []

    /// What chance is made of: with the same seed, the same frames of a direction are lost, doubled, damaged and reordered again, counted
    /// from when the conditions come into force. Nil, unless you say otherwise: chance is new each time.
    ///
    /// The network's own frames (ARP, neighbour discovery, multicast) are counted apart, so that they don't shift what becomes of a
    /// program's.
    public var seed: UInt64?

    /// A network on which everything passes.
    public static let healthy = NetworkConditions()

    /// Makes a healthy network.
    ///
    /// - Parameter seed: What chance is made of; nil makes it new each time.
    public init(seed: UInt64? = nil) { self.seed = seed }

    init(_ rules: [Rule], seed: UInt64?) {
        self.rules = rules
        self.seed = seed
    }

    /// What the direction from one place to another does.
    public subscript(from source: Place, to target: Place) -> Link {
        get { rules.last { $0.sources.contains(source) && $0.targets.contains(target) }?.link ?? .healthy }
        set { set(from: [source], to: [target], newValue) }
    }

    /// Says what all directions do that lead from one of some places to one of others.
    ///
    /// - Parameters:
    ///   - sources: Where they begin.
    ///   - targets: Where they lead.
    ///   - link: What they do.
    public mutating func set(from sources: Set<Place>, to targets: Set<Place>, _ link: Link) {
        if sources.isEmpty || targets.isEmpty { return }
        rules.append(Rule(sources: sources, targets: targets, link: link))
    }

    /// Says what all directions between some places and others do, both ways.
    ///
    /// - Parameters:
    ///   - some: The ones.
    ///   - others: The others.
    ///   - link: What each direction does.
    public mutating func set(between some: Set<Place>, and others: Set<Place>, _ link: Link) {
        set(from: some, to: others, link)
        set(from: others, to: some, link)
    }

    /// Whether everything passes.
    public var isHealthy: Bool { rules.allSatisfy { $0.link == .healthy } }

    /// Two networks' conditions one behind the other: whatever is sent has to get through both. Latencies add up, and what one loses is lost.
    /// Of their seeds the second's counts, if it has one.
    public static func + (first: Self, second: Self) -> Self {
        if first.rules.isEmpty || second.rules.isEmpty {
            return Self(first.rules + second.rules, seed: second.seed ?? first.seed)
        }
        // The last rule of each that is about a direction meets in the last pair that is.
        var rules: [Rule] = []
        for one in [nil] + first.rules {
            for other in [nil] + second.rules {
                guard let rule = (one ?? other) else { continue }
                let sources = one.map(\.sources).flatMap { $0.intersection(other?.sources ?? $0) } ?? rule.sources
                let targets = one.map(\.targets).flatMap { $0.intersection(other?.targets ?? $0) } ?? rule.targets
                if sources.isEmpty || targets.isEmpty { continue }
                let link = (one?.link ?? .healthy) + (other?.link ?? .healthy)
                rules.append(Rule(sources: sources, targets: targets, link: link))
            }
        }
        return Self(rules, seed: second.seed ?? first.seed)
    }

    /// The nodes that are named.
    package var nodes: Set<String> {
        Set(
            rules.flatMap { $0.sources.union($0.targets) }.compactMap {
                if case .node(let name) = $0 { name } else { nil }
            })
    }
}

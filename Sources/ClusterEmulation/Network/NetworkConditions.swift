/// What a cluster's network does to what is sent over it: the whole of it as one value, which can be compared, printed and applied.
///
/// It says for directions between places which connections may be opened that way. What it doesn't say is as on a healthy
/// network.
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

    /// What one direction does.
    public struct Link: Sendable, Hashable {
        /// Which connections may be opened that way. Answers pass in any case.
        public var opening: Opening

        /// Describes a direction.
        ///
        /// - Parameter opening: Which connections may be opened that way.
        public init(opening: Opening = .any) { self.opening = opening }

        /// A direction that lets everything pass.
        public static let healthy = Link()
    }

    /// Which connections of TCP, and which datagrams that are not answers, pass.
    public enum Opening: Sendable, Hashable {
        /// All.
        case any
        /// Those to ports in these ranges; and `ping`.
        case ports([ClosedRange<Int>])
        /// None.
        case none
    }

    /// What all directions do that lead from one of some places to one of others.
    package struct Rule: Sendable, Hashable {
        package let sources: Set<Place>
        package let targets: Set<Place>
        package let link: Link
    }

    /// For each direction the last that is about it counts.
    package private(set) var rules: [Rule] = []

    /// A network on which everything passes.
    public static let healthy = NetworkConditions()

    /// Makes a healthy network.
    public init() {}

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
}

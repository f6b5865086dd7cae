/// What a cluster's network does to what is sent over it: the whole of it as one value, which can be compared, printed and applied.
///
/// It says for each direction between two places which connections may be opened that way. What it doesn't say is as on a
/// healthy network.
public struct NetworkConditions: Sendable, Hashable {
    /// Somebody on the network.
    public enum Place: Sendable, Hashable {
        /// A node, by its name.
        case node(String)
        /// The machine that the cluster was started on, at its address in the cluster's network. Published ports are reached all the same.
        case machine
        /// Whatever is in none of the cluster's networks.
        case outside
    }

    /// What one direction does.
    public struct Link: Sendable, Hashable {
        /// Which connections may be opened that way. Answers pass in any case.
        public var opening = Opening.any

        /// A healthy link.
        public static let healthy = Link()
    }

    /// Which connections of TCP, and which datagrams that are not answers, pass.
    public enum Opening: Sendable, Hashable {
        /// All.
        case any
        /// Those to ports in these ranges.
        case ports([ClosedRange<Int>])
        /// None.
        case none
    }

    private struct Direction: Sendable, Hashable {
        let source: Place
        let target: Place
    }
    private var links: [Direction: Link] = [:]

    /// A network on which everything passes.
    public static let healthy = NetworkConditions()

    /// Makes a healthy network.
    public init() {}

    /// What the direction from one place to another does.
    public subscript(from source: Place, to target: Place) -> Link {
        get { links[Direction(source: source, target: target)] ?? .healthy }
        set {
            // Two networks that do the same are equal.
            links[Direction(source: source, target: target)] = newValue == .healthy ? nil : newValue
        }
    }

    /// The directions that are not healthy.
    package var impaired: [(source: Place, target: Place, link: Link)] {
        links.map { ($0.key.source, $0.key.target, $0.value) }.sorted { "\($0)" < "\($1)" }
    }
}

extension NetworkConditions {
    /// What one direction of a link does to what is sent that way.
    public struct Link: Sendable, Hashable {
        /// Which connections may be opened that way. Answers pass in any case.
        public var opening: Opening
        /// Whether nothing at all passes: connections that are open stand still, and nobody is found (ARP) who was not known.
        public var isCut: Bool
        /// How long everything is under way besides, as a mean.
        public var latency: Duration
        /// How far the latency wanders to either side. It never changes the order; its mean stays what it is.
        public var jitter: Duration
        /// The chance of a frame to be lost, 0 to 1.
        public var loss: Double
        /// The chance of a frame to arrive twice, 0 to 1.
        public var duplication: Double
        /// The chance of a frame to have no latency and so to overtake those before it, 0 to 1.
        public var reordering: Double
        /// The chance of a frame to have one of its bits flipped, 0 to 1. Mostly a checksum tells its receiver, who drops it.
        public var corruption: Double
        /// How many bits get through in a second, those of Ethernet's headers included; nil for any number. What can't wait for a tenth of a
        /// second's worth of others is lost.
        public var bandwidth: Int?
        /// How many bytes the longest packet has that passes; nil for all. A longer one of IPv4 that may be cut is cut.
        public var mtu: Int?
        /// Whether a packet that is too long vanishes without a word: a "black hole". Else its sender is told ("fragmentation needed").
        public var mtuIsSilent: Bool

        /// Describes a direction, which does nothing that is not said.
        ///
        /// - Parameters:
        ///   - opening: Which connections may be opened that way.
        ///   - isCut: Whether nothing at all passes.
        ///   - latency: How long everything is under way besides.
        ///   - jitter: How far the latency wanders to either side; at most as far as it is.
        ///   - loss: The chance of a frame to be lost, 0 to 1.
        ///   - duplication: The chance of a frame to arrive twice, 0 to 1.
        ///   - reordering: The chance of a frame to overtake those before it, 0 to 1; there must be a latency.
        ///   - corruption: The chance of a frame to be damaged, 0 to 1.
        ///   - bandwidth: Bits per second; nil for any number.
        ///   - mtu: Bytes of the longest packet; nil for all.
        ///   - mtuIsSilent: Whether the senders of longer ones are not told.
        public init(
            opening: Opening = .any, isCut: Bool = false, latency: Duration = .zero, jitter: Duration = .zero,
            loss: Double = 0, duplication: Double = 0, reordering: Double = 0, corruption: Double = 0,
            bandwidth: Int? = nil, mtu: Int? = nil, mtuIsSilent: Bool = false
        ) {
            self.opening = opening
            self.isCut = isCut
            self.latency = latency
            self.jitter = jitter
            self.loss = loss
            self.duplication = duplication
            self.reordering = reordering
            self.corruption = corruption
            self.bandwidth = bandwidth
            self.mtu = mtu
            self.mtuIsSilent = mtuIsSilent
        }

        /// A direction that lets everything pass.
        public static let healthy = Link()

        /// A direction on which nothing passes.
        public static let cut = Link(isCut: true)
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
}

extension NetworkConditions.Link {
    /// Two of them one behind the other.
    public static func + (first: Self, second: Self) -> Self {
        func either(_ one: Double, _ other: Double) -> Double { 1 - (1 - one) * (1 - other) }
        func least(_ one: Int?, _ other: Int?) -> Int? { [one, other].compactMap(\.self).min() }
        let mtu = least(first.mtu, second.mtu)
        return Self(
            opening: first.opening.and(second.opening), isCut: first.isCut || second.isCut,
            latency: first.latency + second.latency, jitter: first.jitter + second.jitter,
            loss: either(first.loss, second.loss), duplication: either(first.duplication, second.duplication),
            reordering: either(first.reordering, second.reordering),
            corruption: either(first.corruption, second.corruption),
            bandwidth: least(first.bandwidth, second.bandwidth), mtu: mtu,
            // Whoever comes first to what is too long decides.
            mtuIsSilent: mtu != nil && (first.mtu == mtu ? first.mtuIsSilent : second.mtuIsSilent))
    }

    /// Whether what passes is not what it was, or later.
    var isImpaired: Bool {
        var rest = self
        rest.opening = .any
        rest.isCut = false
        rest.mtuIsSilent = false
        return rest != .healthy
    }

    /// Whether some of it is left to chance.
    var dependsOnChance: Bool {
        [loss, duplication, reordering, corruption].contains { $0 > 0 } || jitter > .zero
    }
}

extension NetworkConditions.Opening {
    /// What both let pass.
    func and(_ other: Self) -> Self {
        switch (self, other) {
        case (.any, let opening), (let opening, .any): return opening
        case (.none, _), (_, .none): return .none
        case (.ports(let mine), .ports(let theirs)):
            return .ports(
                mine.flatMap { one in
                    theirs.compactMap { $0.overlaps(one) ? one.clamped(to: $0) : nil }
                })
        }
    }
}

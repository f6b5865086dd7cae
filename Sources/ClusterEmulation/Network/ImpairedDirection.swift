/// A direction whose frames are not only let pass or not: they are led over a wire, or through netem, by a mark.
struct ImpairedDirection: Sendable, Hashable {
    /// What its frames are marked with, which tells it from all others, and whether they are led to the wire.
    private(set) var mark: UInt32
    /// The interfaces that lead to those who send and to those who receive.
    let (senders, receivers): (String, String)
    let link: NetworkConditions.Link
    let seed: UInt64

    private static let (wire, netem): (UInt32, UInt32) = (0x4000_0000, 0x6000_0000)

    /// Whether its frames are left to the kernel's own netem, and not led to the wire.
    var isByNetem: Bool { mark & 0xF000_0000 == Self.netem }

    /// The same, left to netem.
    var byNetem: Self {
        var direction = self
        direction.mark = mark ^ Self.wire | Self.netem
        return direction
    }

    /// What tells by a mark that a frame is led to the wire.
    static let maskedMark = "meta mark & 0xf0000000 == 0x40000000"
    /// What the wire marks its own frames with.
    static let wireMark = "0x57495245"

    /// How many there can be: as many as the wire takes.
    static let most = 4096

    /// - Parameters:
    ///   - source: The number of the place where it begins: below 4096.
    ///   - target: The number of the place where it leads.
    ///   - network: The number of the network: 0, or 1 for the second.
    ///   - interfaces: Those that lead to who sends and to who receives.
    ///   - link: What it does.
    ///   - seed: What its chance is made of, as all directions'.
    init(
        from source: Int, to target: Int, in network: Int, interfaces: (String, String), _ link: NetworkConditions.Link,
        seed: UInt64
    ) {
        mark = Self.wire | UInt32(network) << 24 | UInt32(source) << 12 | UInt32(target)
        (senders, receivers) = interfaces
        self.link = link
        // Directions have chances of their own.
        var own = seed &+ UInt64(mark) &* 0x9E37_79B9_7F4A_7C15
        own = (own ^ own >> 30) &* 0xBF58_476D_1CE4_E5B9
        self.seed = own ^ own >> 27
    }

    /// What the wire is told of it: see `CNamespaces/wire/wire.h`.
    var wireLine: String {
        func nanoseconds(_ duration: Duration) -> Int64 { Int64(duration / .nanoseconds(1)) }
        func chance(_ value: Double) -> Int64 { Int64((value * 0x1p32).rounded()) }
        let numbers: [Int64] = [
            nanoseconds(link.latency), nanoseconds(link.jitter), Int64(link.bandwidth ?? 0), Int64(link.mtu ?? 0),
            link.mtuIsSilent ? 1 : 0, chance(link.loss), chance(link.duplication), chance(link.reordering),
            chance(link.corruption),
        ]
        return "\(mark) \(senders) \(receivers) \(seed) " + numbers.map(String.init).joined(separator: " ") + "\n"
    }

    /// What the wire reads.
    static func wireText(_ directions: [Self]) -> String {
        directions.filter { !$0.isByNetem }.sorted { $0.mark < $1.mark }.map(\.wireLine).joined()
    }

    /// What is said of frames that a wire should have carried.
    static func missed(_ count: Int, of cluster: String) -> String {
        "\(count) frames of cluster \(cluster) were lost that its slow links should have carried: more came than this machine could serve."
    }

    /// Refuses more than the wire takes.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`.
    static func check(_ directions: [Self]) throws {
        guard directions.count > most else { return }
        throw ClusterError(
            .invalidConfiguration,
            "\(directions.count) directions can't be slow or lossy at once: at most \(most).",
            remedy: "Degrade fewer nodes, or cut links, of which there may be any number.")
    }
}

extension NetworkConditions {
    /// The pairs of places whose direction is impaired and not cut, with what it does.
    var impaired: [(source: Place, target: Place, link: Link)] {
        var seen = Set<[Place]>()
        return rules.filter(\.link.isImpaired).flatMap { rule in
            rule.sources.flatMap { source in rule.targets.map { (source, $0) } }
        }.compactMap { source, target in
            guard source != target, seen.insert([source, target]).inserted else { return nil }
            let link = self[from: source, to: target]
            return link.isImpaired && !link.isCut ? (source, target, link) : nil
        }
    }
}

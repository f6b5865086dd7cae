import ArgumentParser
import ClusterEmulation
import ClusterFile

/// What `fault` is told: words and options, and what they mean.
struct FaultWords {
    struct Options {
        var latency: Duration?
        var loss: Double?
        var bandwidth: Int?
        var rate: Double?
        var leaving: Int?

        /// Those that were given, by their names.
        var names: [String] {
            [
                ("latency", latency != nil), ("loss", loss != nil), ("bandwidth", bandwidth != nil),
                ("rate", rate != nil),
                ("leaving", leaving != nil),
            ].filter(\.1).map { "--\($0.0)" }
        }
    }

    enum Deed {
        case begin(Fault)
        /// What is healed, and how; it tells of nodes that have ended.
        case heal(String, (any BackendCluster) async throws -> [String])
    }

    static let topics = ["partition", "isolate", "degrade", "network", "ssh", "clock", "disk", "names", "heal"]

    private let topic: String
    private let words: [String]
    private let node: String?
    private let options: Options

    init(_ words: [String], node: String?, options: Options) throws {
        guard let topic = words.first, Self.topics.contains(topic) else {
            throw Self.unknown(words.first)
        }
        (self.topic, self.words, self.node, self.options) = (topic, Array(words.dropFirst()), node, options)
    }

    private static func unknown(_ word: String?) -> ValidationError {
        let all = "\(topics.dropLast().joined(separator: ", ")), or heal"
        guard let word else { return ValidationError("Name what is broken: \(all).") }
        if ["kill", "stop", "start", "restart", "pause", "resume"].contains(word) {
            return ValidationError("\(word) is a command of its own: `cluster-fixture \(word) lab/node1`.")
        }
        let near = ClusterCatalog.nearest(to: word, among: topics).map { " Did you mean \($0)?" }
        return ValidationError("There is no fault \"\(word)\".\(near ?? " There are \(all).")")
    }

    func deed() throws -> Deed {
        let allowed = [
            "degrade": ["--latency", "--loss", "--bandwidth"], "clock": ["--rate"], "disk": ["--leaving"],
        ]
        if let other = options.names.first(where: { allowed[topic]?.contains($0) != true }) {
            throw ValidationError("\(other) has no meaning with \(topic).")
        }
        if topic == "heal" || words == ["heal"] { return try healing() }
        switch topic {
        case "partition": return .begin(try partition())
        case "isolate": return .begin(.isolated(try named()))
        case "degrade": return .begin(try degradation())
        case "ssh": return .begin(.ssh(try sshFault(), on: try own()))
        case "clock": return .begin(try clock())
        case "disk": return .begin(try disk())
        case "names": return .begin(.names(try nameFault(), on: try own()))
        default:
            throw ValidationError(
                "The network is healed by `network heal`, and broken by partition, isolate and degrade.")
        }
    }

    // MARK: the network

    private func partition() throws -> Fault {
        guard node == nil, !words.isEmpty else {
            throw ValidationError(
                "Name the groups of the cluster's nodes, with commas: `fault lab partition node1 node2,node3`.")
        }
        return .partitioned(words.map { $0.split(separator: ",").map(String.init) })
    }

    /// The node that the network's fault is about: the place's, or the one word.
    private func named() throws -> String {
        if let node, words.isEmpty { return node }
        guard node == nil, words.count == 1 else { throw ValidationError("Name one node: `fault lab \(topic) node1`.") }
        return words[0]
    }

    private func degradation() throws -> Fault {
        if options.names.isEmpty { throw ValidationError("Write how: --latency 20ms, --loss 10%, --bandwidth 10m.") }
        return .degraded(
            try named(), latency: options.latency ?? .zero, loss: options.loss ?? 0, bandwidth: options.bandwidth)
    }

    // MARK: one node

    private func own() throws -> String {
        if let node { return node }
        throw ValidationError("Name the node: `fault lab/node1 \(topic) …`.")
    }

    private func sshFault() throws -> SSHFault {
        let value = words.count == 2 ? words[1] : nil
        switch (words.first, words.count) {
        case ("refuse-logins", 1): return .loginsRefused
        case ("stall-before-banner", 1): return .stalled(.beforeBanner)
        case ("stall-after-key-exchange", 1): return .stalled(.afterKeyExchange)
        case ("change-host-key", 1): return .hostKeyChanged
        case ("limit-logins", 2):
            if let limit = value.flatMap(Self.maxStartups) { return .loginsLimited(limit) }
            throw ValidationError(
                "limit-logins takes a number from 1 on, such as 10, or sshd's START:RATE:FULL, such as 10:30:60, not \"\(value ?? "")\"."
            )
        case ("slow-banner", 2): return .bannerSlowed(try span(value))
        case ("drop-after", 2):
            if let bytes = value.flatMap(DiskRoom.init(argument:))?.bytes {
                return .connectionsDropped(afterBytes: bytes)
            }
            throw ValidationError("\"\(value ?? "")\" is not a number of bytes: write 20000, or 20k.")
        default:
            throw ValidationError(
                "Name what happens: refuse-logins, stall-before-banner, stall-after-key-exchange, change-host-key, limit-logins 10, "
                    + "slow-banner 2s, drop-after 20k, or heal.")
        }
    }

    private static func maxStartups(_ text: String) -> SSHFault.MaxStartups? {
        let numbers = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        return switch numbers.count == numbers.compactMap(\.self).count ? numbers.compactMap(\.self) : [] {
        case let one where one.count == 1: .init(integerLiteral: one[0])
        case let three where three.count == 3: .init(from: three[0], percent: three[1], full: three[2])
        default: nil
        }
    }

    private func span(_ text: String?) throws -> Duration {
        if let span = text.flatMap(Span.init(argument:)) { return span.duration }
        throw ValidationError("\"\(text ?? "")\" is not a time: write 20ms, 2s, 5m or 1h.")
    }

    private func clock() throws -> Fault {
        let node = try own()
        guard words.count == 1, let sign = words[0].first, "+-".contains(sign) else {
            throw ValidationError("Write how far: `fault lab/\(node) clock +1h`, or -90s; or heal.")
        }
        let span = try span(String(words[0].dropFirst()))
        return .clock(node, offset: sign == "-" ? .zero - span : span, rate: options.rate ?? 1)
    }

    private func disk() throws -> Fault {
        let node = try own()
        switch (words, options.leaving) {
        case ([], let bytes?): return .diskFull(node, leaving: bytes)
        case (["read-only"], nil): return .diskReadOnly(node)
        default: throw ValidationError("Write how: `disk --leaving 10m`, `disk read-only`, or `disk heal`.")
        }
    }

    private func nameFault() throws -> NameFault {
        switch (words.first, words.count) {
        case ("missing", 2): return .missing(words[1])
        case ("wrong", 3): return .wrong(words[1], words[2])
        case ("slow", 2): return .slow(try span(words[1]))
        default: throw ValidationError("Write what happens: missing node2, wrong node2 198.18.0.99, slow 2s, or heal.")
        }
    }

    // MARK: healing

    private func healing() throws -> Deed {
        if topic == "heal" {
            guard words.isEmpty else {
                throw ValidationError("heal heals everything: of one kind, write for example `ssh heal`.")
            }
            let nodes = node.map { [$0] }
            return .heal(node ?? "everything") { try await $0.heal(nodes) }
        }
        if ["partition", "isolate", "degrade", "network"].contains(topic) {
            if node != nil { throw ValidationError("The network is the cluster's: write `fault lab network heal`.") }
            return .heal("the network") { cluster in
                try await NetworkFaults(of: cluster).replace(by: .healthy)
                return []
            }
        }
        let node = try own()
        return .heal("\(topic) on \(node)") { [topic] cluster in
            switch topic {
            case "ssh": try await cluster.healSSH(of: node)
            case "disk": try await cluster.healDisk(of: node)
            case "names": try await cluster.healNames(of: node)
            default: try await Fault.clock(node, offset: .zero).end(on: cluster)
            }
            return []
        }
    }
}

/// A time with its unit: `20ms`, `2s`, `5m`, `1h`, `3d`.
struct Span: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]
        guard let (unit, seconds) = units.first(where: { argument.hasSuffix($0.0) }),
            let number = Double(argument.dropLast(unit.count)), number >= 0, number.isFinite, number < 1e9
        else { return nil }
        duration = .milliseconds(Int((number * seconds * 1000).rounded()))
    }
}

/// A chance: `10%`, or `0.1`.
struct Chances: ExpressibleByArgument {
    let chance: Double

    init?(argument: String) {
        let isPercentage = argument.hasSuffix("%")
        guard let number = Double(isPercentage ? argument.dropLast() : argument[...]), number.isFinite else {
            return nil
        }
        chance = isPercentage ? number / 100 : number
    }
}

/// Bits per second: `10m`, `1g`, `64k`, in thousands.
struct BitRate: ExpressibleByArgument {
    let bits: Int

    init?(argument: String) {
        let text = argument.lowercased()
        let units: [Character: Int] = ["k": 1000, "m": 1_000_000, "g": 1_000_000_000]
        let unit = text.last.flatMap { units[$0] }
        guard let number = Int(unit == nil ? text[...] : text.dropLast()), number > 0, number < 1_000_000_000 else {
            return nil
        }
        bits = number * (unit ?? 1)
    }
}

/// Bytes, none too: `0`, `20k`, `10m`.
struct DiskRoom: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        guard let bytes = Size.bytes(argument) else { return nil }
        self.bytes = bytes
    }
}

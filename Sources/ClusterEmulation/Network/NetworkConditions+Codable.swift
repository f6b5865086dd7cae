// As JSON it is a list of rules, in which only what is not healthy is said: {"rules": [{"from": ["node1"], "to": ["node2"], "loss": 0.1}]}.
// Times are in milliseconds. A node's name ends with a digit, so that it can't be the name of another place.

extension NetworkConditions: Codable {
    private enum Keys: String, CodingKey { case rules, seed }

    /// Reads conditions. Whether a network can have them is not looked at.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        self.init(
            try values.decode([Rule].self, forKey: .rules), seed: try values.decodeIfPresent(UInt64.self, forKey: .seed)
        )
    }

    /// Writes them.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Keys.self)
        try values.encode(rules, forKey: .rules)
        try values.encodeIfPresent(seed, forKey: .seed)
    }
}

extension NetworkConditions.Place: Codable {
    /// Reads a place.
    public init(from decoder: any Decoder) throws {
        switch try decoder.singleValueContainer().decode(String.self) {
        case "machine": self = .machine
        case "outside": self = .outside
        case let name: self = .node(name)
        }
    }

    /// Writes a place.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .node(let name): try container.encode(name)
        case .machine: try container.encode("machine")
        case .outside: try container.encode("outside")
        }
    }
}

extension NetworkConditions.Rule: Codable {
    private enum Keys: String, CodingKey { case from, to }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        sources = try Set(values.decode([NetworkConditions.Place].self, forKey: .from))
        targets = try Set(values.decode([NetworkConditions.Place].self, forKey: .to))
        link = try NetworkConditions.Link(from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Keys.self)
        try values.encode(sources.sorted { "\($0)" < "\($1)" }, forKey: .from)
        try values.encode(targets.sorted { "\($0)" < "\($1)" }, forKey: .to)
        try link.encode(to: encoder)
    }
}

extension NetworkConditions.Link: Codable {
    private enum Keys: String, CodingKey {
        case cut, latency, jitter, loss, duplication, reordering, corruption, bandwidth, mtu, mtuIsSilent, ports
    }

    /// Reads a direction.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        func chance(_ key: Keys) throws -> Double { try values.decodeIfPresent(Double.self, forKey: key) ?? 0 }
        func time(_ key: Keys) throws -> Duration {
            let milliseconds = try values.decodeIfPresent(Double.self, forKey: key) ?? 0
            guard milliseconds.isFinite, abs(milliseconds) < 1e12 else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: values, debugDescription: "not a number of milliseconds")
            }
            return .nanoseconds(Int64((milliseconds * 1_000_000).rounded()))
        }
        self.init(
            opening: try values.decodeIfPresent(NetworkConditions.Opening.self, forKey: .ports) ?? .any,
            isCut: try values.decodeIfPresent(Bool.self, forKey: .cut) ?? false, latency: try time(.latency),
            jitter: try time(.jitter), loss: try chance(.loss), duplication: try chance(.duplication),
            reordering: try chance(.reordering), corruption: try chance(.corruption),
            bandwidth: try values.decodeIfPresent(Int.self, forKey: .bandwidth),
            mtu: try values.decodeIfPresent(Int.self, forKey: .mtu),
            mtuIsSilent: try values.decodeIfPresent(Bool.self, forKey: .mtuIsSilent) ?? false)
    }

    /// Writes a direction.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Keys.self)
        func chance(_ value: Double, _ key: Keys) throws { if value != 0 { try values.encode(value, forKey: key) } }
        func time(_ value: Duration, _ key: Keys) throws {
            if value != .zero { try values.encode(value / .milliseconds(1), forKey: key) }
        }
        if isCut { try values.encode(true, forKey: .cut) }
        try time(latency, .latency)
        try time(jitter, .jitter)
        try chance(loss, .loss)
        try chance(duplication, .duplication)
        try chance(reordering, .reordering)
        try chance(corruption, .corruption)
        try values.encodeIfPresent(bandwidth, forKey: .bandwidth)
        try values.encodeIfPresent(mtu, forKey: .mtu)
        if mtuIsSilent { try values.encode(true, forKey: .mtuIsSilent) }
        if opening != .any { try values.encode(opening, forKey: .ports) }
    }
}

extension NetworkConditions.Opening: Codable {
    /// Reads "none", or the first and the last port of each range.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let word = try? container.decode(String.self) {
            guard word == "none" else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "neither \"none\" nor ranges of ports")
            }
            self = .none
            return
        }
        self = .ports(
            try container.decode([[Int]].self).map { ends in
                guard ends.count == 2, ends[0] <= ends[1] else {
                    throw DecodingError.dataCorruptedError(
                        in: container, debugDescription: "a range of ports has a first and a last")
                }
                return ends[0]...ends[1]
            })
    }

    /// Writes "none", or the first and the last port of each range.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .any: try container.encode([[1, 65535]])
        case .none: try container.encode("none")
        case .ports(let ranges): try container.encode(ranges.map { [$0.lowerBound, $0.upperBound] })
        }
    }
}

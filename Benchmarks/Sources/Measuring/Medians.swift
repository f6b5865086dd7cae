/// What contenders took, each step's median over the rounds.
struct Medians {
    /// The contenders' names, in the order in which they took part.
    let names: [String]
    private let groups: [String: [Sample]]

    init(_ samples: [Sample]) {
        names = samples.reduce(into: []) { if !$0.contains($1.contender) { $0.append($1.contender) } }
        groups = Dictionary(grouping: samples, by: \.contender)
    }

    /// Seconds; nil if nobody has measured it.
    subscript(contender: String, step: Step) -> Double? {
        groups[contender]?.compactMap { $0.seconds[step.rawValue] }.median
    }
}

import Foundation

/// One round of one contender.
struct Sample: Encodable {
    let contender: String
    let nodes: Int
    let seconds: [String: Double]

    init(_ contender: String, nodes: Int, _ times: Times) {
        self.contender = contender
        self.nodes = nodes
        seconds = Dictionary(uniqueKeysWithValues: times.map { ($0.rawValue, $1) })
    }
}

/// A contender that could not take part.
struct Missing: Encodable {
    let contender: String
    let reason: String
}

/// Everything that was measured, raw.
struct Record: Encodable {
    var missing: [Missing] = []
    var rounds: [Sample] = []
    var commands: [Commands] = []
    var scale: [Scale] = []

    func write(to file: String?) throws {
        guard let file else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: URL(fileURLWithPath: file))
    }
}

extension [Double] {
    /// The middle value, or nil if there is none.
    var median: Double? {
        guard !isEmpty else { return nil }
        let sorted = sorted()
        let middle = count / 2
        return count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

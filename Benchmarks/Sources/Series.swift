import Foundation

/// Times of one thing, in seconds.
struct Series: Encodable {
    let name: String
    var seconds: [Double] = []

    init(_ name: String) { self.name = name }

    var median: Double {
        let sorted = seconds.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    mutating func time<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        let begun = ContinuousClock.now
        let result = try await body()
        seconds.append((ContinuousClock.now - begun) / .seconds(1))
        return result
    }

    /// A row of the table, with the ratio of the medians to a floor.
    func row(over floor: Series?) -> String {
        let times = [median, seconds.min() ?? 0, seconds.max() ?? 0].map { String(format: "%8.4f", $0) }.joined(
            separator: "  ")
        let ratio = floor.map { String(format: "  %5.2f x", median / $0.median) } ?? ""
        return name.padding(toLength: 58, withPad: " ", startingAt: 0) + times + ratio
    }
}

import Foundation

/// Some of a machine's processors, by their numbers.
package struct Processors: Sendable, Hashable, CustomStringConvertible {
    package let numbers: [Int]

    package init(numbers: [Int]) { self.numbers = numbers }

    /// Reads a list as the kernel writes it (cpuset(7), "List format"): `0-3,8`.
    package init?(_ list: String) {
        var numbers: [Int] = []
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last else {
                return nil
            }
            numbers += first...last
        }
        if numbers.isEmpty { return nil }
        self.numbers = numbers
    }

    package var description: String { numbers.map(String.init).joined(separator: ",") }

    /// This machine's, where the kernel tells: on Linux.
    package static var online: Processors? {
        (try? String(contentsOfFile: "/sys/devices/system/cpu/online", encoding: .utf8))
            .flatMap { Processors($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// Refuses more than this machine has, as engines do: the node's programs would see fewer.
    static func check(_ limits: NodeLimits) throws {
        guard let processors = limits.processors, let count = online?.numbers.count, processors > Double(count) else {
            return
        }
        let wish = String(format: "%g", processors)
        throw ClusterError(
            .invalidConfiguration, "A node can't use \(wish) processors: this machine has \(count).",
            remedy: "Limit it to \(count) at most, or leave the limit out.")
    }

    /// The ones for a node that may use only so many: programs that ask how many there are see the limit then. Nodes get theirs
    /// in turn.
    ///
    /// - Parameters:
    ///   - limit: How many a node may use.
    ///   - index: Which of the nodes.
    /// - Returns: Nil if the limit is not a whole number, or not below the number of processors.
    package func share(_ limit: Double?, _ index: Int) -> Processors? {
        guard let limit, limit.rounded() == limit, limit >= 1, limit < Double(numbers.count) else { return nil }
        let count = Int(limit)
        return Processors(numbers: (0..<count).map { numbers[(index * count + $0) % numbers.count] }.sorted())
    }
}

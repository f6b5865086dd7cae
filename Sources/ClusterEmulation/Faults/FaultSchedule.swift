/// Faults, and when each begins and ends: a value that can be printed, replayed and made shorter.
///
/// With a seed it is made by chance, and the same each time:
///
/// ```swift
/// let cluster = try Cluster.current
/// try await cluster.underFaults(FaultSchedule(seed: 42, on: cluster)) {
///     …
/// }
/// ```
public struct FaultSchedule: Sendable, Hashable {
    /// A fault, when it begins and how long it lasts.
    public struct Entry: Sendable, Hashable {
        /// What is broken.
        public let fault: Fault
        /// How long after the beginning.
        public let begin: Duration
        /// How long it lasts, from when it is in force.
        public let length: Duration

        /// Describes when something is broken.
        ///
        /// - Parameters:
        ///   - fault: What is broken.
        ///   - begin: How long after the beginning.
        ///   - length: How long it lasts.
        public init(_ fault: Fault, at begin: Duration, for length: Duration) {
            self.fault = fault
            self.begin = begin
            self.length = length
        }
    }

    /// The faults, in the order in which they begin.
    public let entries: [Entry]

    /// Makes a schedule of these faults.
    public init(_ entries: [Entry]) { self.entries = entries.sorted { $0.begin < $1.begin } }

    /// Makes a schedule of these faults.
    public init(_ entries: Entry...) { self.init(entries) }
}

extension FaultSchedule: CustomStringConvertible {
    /// The schedule as it is written in Swift, in one line.
    public var description: String {
        let entries = entries.map { ".init(\($0.fault), at: \($0.begin.source), for: \($0.length.source))" }
        return "FaultSchedule(\(entries.joined(separator: ", ")))"
    }
}

extension FaultSchedule {
    /// The schedule that a trait runs the test under just now; nil outside.
    @TaskLocal public static var current: FaultSchedule?
}

/// A step of a round.
enum Step: String, CaseIterable {
    case keys, image, nodes, banners, ready, teardown
}

/// How long after the beginning each step was done, in seconds.
typealias Times = [Step: Double]

/// Runs from the moment it is made.
struct Stopwatch {
    private let begun = ContinuousClock.now
    private(set) var times = Times()

    /// Notes that a step is done.
    mutating func lap(_ step: Step) { times[step] = seconds }

    var seconds: Double { (ContinuousClock.now - begun) / .seconds(1) }
}

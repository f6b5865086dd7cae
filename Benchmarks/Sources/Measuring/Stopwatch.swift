/// A step of a round.
enum Step: String {
    case keys, image, nodes, banners, ready, services, teardown
    /// The first job has ended.
    case job
    /// From a batch job's submission to its end.
    case batch
    /// From the wish for a cluster as new to the banners of its nodes, and until all are ready.
    case resetBanners, reset
    /// One node is stopped in order, and ready again.
    case restart
    /// All nodes' files are kept; they have them back, and are ready.
    case snapshot, restore
    /// A cluster that was started ahead is handed over.
    case lease
}

/// How long after the beginning each step was done, in seconds; a teardown and a batch job have beginnings of their own.
typealias Times = [Step: Double]

/// Runs from the moment it is made.
struct Stopwatch {
    private let begun = ContinuousClock.now
    private(set) var times = Times()

    /// Notes that a step is done.
    mutating func lap(_ step: Step) { times[step] = seconds }

    var seconds: Double { (ContinuousClock.now - begun) / .seconds(1) }
}

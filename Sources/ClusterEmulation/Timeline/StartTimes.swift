/// Where the time of a start went: for each step, how long after the beginning it was done.
///
/// Steps overlap: keys are made while the image is looked for, and a node is proved while others still start.
public struct StartTimes: Sendable, Hashable {
    /// A step of a start, in the order in which most starts are done with them.
    public enum Step: String, Sendable, Hashable, CaseIterable {
        /// All keys are made.
        case keys
        /// The image was found, or is built.
        case image
        /// Every node has been started.
        case nodes
        /// The last of the nodes' SSH banners was read.
        case banners
        /// Every node's host key was checked, and every node ran a command.
        case ready
        /// Every service was proved to work; zero where there is none.
        case services
    }

    private var durations: [Step: Duration] = [:]

    /// How long after the beginning a step was done; zero if it has not been.
    public subscript(step: Step) -> Duration { durations[step] ?? .zero }

    /// - Parameter durations: How long after the beginning each step was done.
    init(_ durations: [Step: Duration]) { self.durations = durations }

    /// Reads them off what has happened.
    package init(_ events: [Event]) {
        for event in events { if case .done(let step) = event.kind { durations[step] = event.time } }
    }
}

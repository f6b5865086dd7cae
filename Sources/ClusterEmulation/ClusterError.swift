public import Foundation

/// An error of ClusterFixture: what failed, where, why, and what can be done about it.
public struct ClusterError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public let code: Code
    /// One sentence: what failed, on which node, at which stage, and the cause.
    public let message: String
    /// The name of the node that it is about; nil if it is about none, or about more than one.
    public let node: String?
    /// The error that it comes from; nil if there is none.
    public let underlying: (any Error)?
    /// The last lines of the log that bears on the failure; empty where there is none.
    public let log: String
    /// What the user can do; empty where there is nothing to suggest.
    public let remedy: String
    /// What the command had printed that it is about, and how that ended; nil if it is about no command.
    public var result: CommandResult? { failed?.result }

    /// What the log is of.
    private let logName: String
    private let failed: FailedCommand?

    package init(
        _ code: Code, _ message: String, node: String? = nil, underlying: (any Error)? = nil, log: String = "",
        logName: String = "the log", result: CommandResult? = nil, remedy: String = ""
    ) {
        self.code = code
        self.node = node
        self.underlying = underlying
        // Programs that are quoted in it may have said more than a line.
        self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        self.log = log
        self.logName = logName
        self.failed = result.map(FailedCommand.init)
        self.remedy = remedy
    }

    /// The same with another message, which is about more than one node.
    func among(_ message: String) -> ClusterError {
        ClusterError(
            code, message, underlying: self, log: log, logName: logName, result: result, remedy: remedy)
    }

    /// The message, the remedy, and the last lines of the log.
    public var description: String {
        var text = message
        if !remedy.isEmpty { text += " " + remedy }
        if !log.isEmpty { text += "\n" + Self.indented(log, under: logName) }
        return text
    }
}

/// A command that an error is about, in one word of memory: errors are passed on often.
private final class FailedCommand: Sendable {
    let result: CommandResult

    init(_ result: CommandResult) { self.result = result }
}

extension ClusterError: LocalizedError {
    /// The same as ``description``.
    public var errorDescription: String? { description }

    /// The same as ``remedy``; nil if there is none.
    public var recoverySuggestion: String? { remedy.isEmpty ? nil : remedy }
}

extension ClusterError {
    /// A kind of failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Storage: String {
            case invalidConfiguration, backendUnavailable, missingProgram, imageUnavailable, provisioningFailed
            case notReady, connectionLost, clusterLost, commandFailed, transferFailed, timedOut, teardownFailed,
                noCluster, faultFailed
        }
        private let storage: Storage

        /// A setting or an argument can't work; nothing was done.
        public static let invalidConfiguration = Code(storage: .invalidConfiguration)
        /// No backend can run here, or not the one that was asked for.
        public static let backendUnavailable = Code(storage: .backendUnavailable)
        /// A program that is needed is not on this machine or can't be run.
        public static let missingProgram = Code(storage: .missingProgram)
        /// The image is unknown, or building it failed.
        public static let imageUnavailable = Code(storage: .imageUnavailable)
        /// The backend could not start the nodes.
        public static let provisioningFailed = Code(storage: .provisioningFailed)
        /// A node was started but did not become ready.
        public static let notReady = Code(storage: .notReady)
        /// A node can't be reached any more.
        public static let connectionLost = Code(storage: .connectionLost)
        /// The whole cluster is gone: something other than this process has ended it.
        public static let clusterLost = Code(storage: .clusterLost)
        /// A command ended with a non-zero exit code where success was required.
        public static let commandFailed = Code(storage: .commandFailed)
        /// A file could not be copied.
        public static let transferFailed = Code(storage: .transferFailed)
        /// A time limit has passed.
        public static let timedOut = Code(storage: .timedOut)
        /// The cluster could not be removed completely.
        public static let teardownFailed = Code(storage: .teardownFailed)
        /// Something could not be broken, or healed, as it was asked for: the node does not let it be done.
        public static let faultFailed = Code(storage: .faultFailed)
        /// There is no cluster, node, service, endpoint, snapshot or pool of that name, or no cluster here: outside a fixture's scope, before set-up or
        /// after teardown.
        public static let noCluster = Code(storage: .noCluster)

        /// The code's name.
        public var description: String { storage.rawValue }
    }
}

extension ClusterError {
    /// The last `count` lines of a text.
    package static func lastLines(_ text: String, _ count: Int = 20) -> String {
        text.filledLines.suffix(count).joined(separator: "\n")
    }

    /// Last lines as a person is shown them.
    static func indented(_ lines: String, under name: String) -> String {
        "Last lines of \(name):\n" + lines.filledLines.map { "  \($0)" }.joined(separator: "\n")
    }
}

extension ClusterError {
    /// A text that may quote a program, with the full stop that it lacks.
    package static func sentence(_ text: String) -> String {
        text.last.map { ".?!".contains($0) } == false ? text + "." : text
    }

    /// Why the system refused something, in its own words where it has some.
    package static func cause(_ error: any Error) -> String {
        let inner = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
        for case let error? in [inner, error] {
            let error = error as NSError
            if error.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(error.code))) }
        }
        return "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// What a start or another piece of work has failed of, if the system refused something that nobody expected.
    package static func unexpected(_ error: any Error) -> ClusterError {
        if let error = error as? ClusterError { return error }
        let path = (error as NSError).userInfo[NSFilePathErrorKey].map { " \($0):" } ?? ""
        return ClusterError(
            .provisioningFailed, "The operating system reported an error:\(path) \(cause(error)).", underlying: error)
    }
}

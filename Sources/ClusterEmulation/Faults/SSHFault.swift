/// What SSH libraries meet, sooner or later, in a server that is broken: each is done to the node's own sshd.
///
/// Logins that are there already go on, the library's shared connections too: `run` works all the same for users whose connection is
/// open, as ubuntu's is from the start.
public enum SSHFault: Sendable, Hashable {
    /// No user is let in: `Permission denied`.
    case loginsRefused
    /// The server is silent from some point of a login on.
    case stalled(Stage)
    /// Connections that are not logged in are dropped beyond a number.
    case loginsLimited(MaxStartups)
    /// The server has other host keys than the pinned ones: clients that check them refuse it.
    case hostKeyChanged
    /// The server's first line comes so much later.
    case bannerSlowed(Duration)
    /// Connections that are opened from then on are reset when they have carried so many bytes, both ways together and
    /// packets' headers included. A login alone takes about 10,000.
    case connectionsDropped(afterBytes: Int)

    /// A point of a login.
    public enum Stage: String, Sendable, Hashable, CaseIterable {
        /// Before the server's first line: the kernel takes the connection, and nobody answers.
        case beforeBanner
        /// When the keys are exchanged and the user has said who they are: they never hear whether they are let in.
        case afterKeyExchange
    }

    /// How many connections that are not logged in sshd puts up with: `MaxStartups` of sshd_config(5).
    public struct MaxStartups: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
        /// From how many on some are dropped.
        public let start: Int
        /// How many of a hundred are dropped then; the more there are, the more.
        public let percent: Int
        /// From how many on all are dropped.
        public let full: Int

        /// Drops some from one number on and all from another.
        public init(from start: Int, percent: Int, full: Int) {
            self.start = start
            self.percent = percent
            self.full = full
        }

        /// Drops all beyond a number.
        public init(integerLiteral most: Int) { self.init(from: most, percent: 100, full: most) }

        /// As sshd_config has it, `10:30:100`.
        public var description: String { "\(start):\(percent):\(full)" }
    }
}

extension SSHFault: CustomStringConvertible {
    /// The fault as it is written in Swift.
    public var description: String {
        switch self {
        case .loginsRefused: ".loginsRefused"
        case .stalled(let stage): ".stalled(.\(stage.rawValue))"
        case .loginsLimited(let limit) where limit.percent == 100 && limit.start == limit.full:
            ".loginsLimited(\(limit.start))"
        case .loginsLimited(let limit):
            ".loginsLimited(.init(from: \(limit.start), percent: \(limit.percent), full: \(limit.full)))"
        case .hostKeyChanged: ".hostKeyChanged"
        case .bannerSlowed(let time): ".bannerSlowed(\(time.source))"
        case .connectionsDropped(let bytes): ".connectionsDropped(afterBytes: \(bytes))"
        }
    }
}

extension SSHFault: NodeBreakage {
    package var words: String {
        switch self {
        case .loginsRefused: "sshd refuses logins"
        case .stalled(.beforeBanner): "sshd is silent from the first line on"
        case .stalled(.afterKeyExchange): "sshd does not answer logins"
        case .loginsLimited(let limit): "sshd takes logins up to \(limit)"
        case .hostKeyChanged: "sshd has other host keys"
        case .bannerSlowed(let time): "sshd's first line comes \(time.inSeconds) late"
        case .connectionsDropped(let bytes): "connections to sshd are reset after \(bytes) bytes"
        }
    }

    /// The word of the script for it.
    var name: String {
        switch self {
        case .loginsRefused: "refuse-logins"
        case .stalled(.beforeBanner): "stall-before-banner"
        case .stalled(.afterKeyExchange): "stall-after-key-exchange"
        case .loginsLimited: "limit-logins"
        case .hostKeyChanged: "change-host-key"
        case .bannerSlowed: "slow-banner"
        case .connectionsDropped: "drop-after"
        }
    }

    var place: String { "ssh \(name)" }

    private var value: String? {
        switch self {
        case .loginsLimited(let limit): "\(limit)"
        case .bannerSlowed(let time): NodeScript.seconds(time)
        case .connectionsDropped(let bytes): "\(bytes)"
        default: nil
        }
    }

    func check() throws(ClusterError) {
        switch self {
        case .loginsLimited(let limit):
            guard limit.start >= 1, (1...100).contains(limit.percent), limit.full >= limit.start else {
                throw ClusterError(
                    .invalidConfiguration, "MaxStartups can't be \(limit).",
                    remedy:
                        "It is a number from 1 on, a percentage from 1 to 100, and a number that is not below the first."
                )
            }
        case .bannerSlowed(let time): try NodeScript.check(time, "sshd's first line can't come")
        case .connectionsDropped(let bytes) where bytes < 1:
            throw ClusterError(
                .invalidConfiguration, "Connections can't be reset after \(bytes) bytes: it has to be one at least.")
        default: break
        }
    }

    func begin(on node: String, of cluster: any BackendCluster) async throws {
        try await NodeScript.ssh.run([name] + [value].compactMap(\.self), on: node, of: cluster, "sshd can't be broken")
    }

    func end(on node: String, of cluster: any BackendCluster) async throws {
        try await NodeScript.ssh.run(["heal", name], on: node, of: cluster, "sshd can't be healed")
    }
}

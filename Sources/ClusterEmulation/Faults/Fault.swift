/// Something that is broken on purpose, and on which node: a value that can be compared, printed, begun and ended.
///
/// ```swift
/// let cluster = try Cluster.current
/// try await cluster.under(.paused("node2"), .ssh(.bannerSlowed(.seconds(2)), on: "node1")) {
///     …
/// }
/// ```
public struct Fault: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case power(PowerFault)
        case ssh(SSHFault)
        case clock(ClockShift)
        case disk(DiskFault)
        case names(NameFault)
        case network(NetworkFault)
    }

    let kind: Kind
    /// The node that it is done to; nil if it is the cluster's network.
    public let node: String?

    private init(_ kind: Kind, on node: String?) {
        self.kind = kind
        self.node = node
    }
}

extension Fault {
    /// The node is cut off from power; when the fault ends, it is started again and is ready.
    public static func killed(_ node: String) -> Fault { Fault(.power(.killed), on: node) }

    /// The node is stopped in order; when the fault ends, it is started again and is ready.
    public static func stopped(_ node: String) -> Fault { Fault(.power(.stopped), on: node) }

    /// The node is frozen.
    public static func paused(_ node: String) -> Fault { Fault(.power(.paused), on: node) }

    /// The node's sshd is broken.
    public static func ssh(_ fault: SSHFault, on node: String) -> Fault { Fault(.ssh(fault), on: node) }

    /// What starts on the node has another time.
    ///
    /// - Parameters:
    ///   - node: The node's name.
    ///   - offset: How much later it is there; below zero, earlier.
    ///   - rate: How fast time passes there.
    /// - Returns: The fault.
    public static func clock(_ node: String, offset: Duration, rate: Double = 1) -> Fault {
        Fault(.clock(ClockShift(offset: offset, rate: rate)), on: node)
    }

    /// The node's file system has only so many bytes left.
    public static func diskFull(_ node: String, leaving bytes: Int = 0) -> Fault {
        Fault(.disk(.full(leaving: bytes)), on: node)
    }

    /// The node's file system can only be read.
    public static func diskReadOnly(_ node: String) -> Fault { Fault(.disk(.readOnly), on: node) }

    /// Names that the node's programs ask for are broken.
    public static func names(_ fault: NameFault, on node: String) -> Fault { Fault(.names(fault), on: node) }

    /// Nodes of different groups can't reach each other. Those that are in none are one more group, together.
    public static func partitioned(_ groups: [[String]]) -> Fault { Fault(.network(.partitioned(groups)), on: nil) }

    /// The node reaches no other node, and none reaches it.
    public static func isolated(_ node: String) -> Fault { Fault(.network(.isolated), on: node) }

    /// What is between the node and all others is worse, each way.
    ///
    /// - Parameters:
    ///   - node: The node's name.
    ///   - latency: How long everything is under way besides.
    ///   - loss: The chance of a frame to be lost, 0 to 1.
    ///   - bandwidth: How many bits get through in a second; nil for any number.
    /// - Returns: The fault.
    public static func degraded(
        _ node: String, latency: Duration = .zero, loss: Double = 0, bandwidth: Int? = nil
    ) -> Fault {
        Fault(.network(.degraded(.init(latency: latency, loss: loss, bandwidth: bandwidth))), on: node)
    }

    package static func degraded(_ node: String, _ link: NetworkConditions.Link) -> Fault {
        Fault(.network(.degraded(link)), on: node)
    }
}

extension Fault {
    /// What is the case then in a cluster of these nodes, for people: "node1: sshd refuses logins".
    package func saying(of nodes: [String]) -> String {
        if let breakage { return "\(node ?? ""): \(breakage.words)" }
        switch kind {
        case .network(.partitioned(let groups)):
            let rest = nodes.filter { !groups.joined().contains($0) }
            let all = groups + (rest.isEmpty ? [] : [rest])
            return "the network falls into \(all.map { $0.joined(separator: ", ") }.joined(separator: " | "))"
        case .network(.degraded(let link)): return "the network around \(node ?? ""): \(link)"
        default: return "the network around \(node ?? ""): nothing passes"
        }
    }
}

extension Fault: CustomStringConvertible {
    /// The fault as it is written in Swift.
    public var description: String {
        let node = (node ?? "").debugDescription
        return switch kind {
        case .power(let fault): ".\(fault)(\(node))"
        case .ssh(let fault): ".ssh(\(fault), on: \(node))"
        case .clock(let shift):
            ".clock(\(node), offset: \(shift.offset.source)\(shift.rate == 1 ? "" : ", rate: \(shift.rate)"))"
        case .disk(.full(let bytes)): ".diskFull(\(node), leaving: \(bytes))"
        case .disk(.readOnly): ".diskReadOnly(\(node))"
        case .names(let fault): ".names(\(fault), on: \(node))"
        case .network(.partitioned(let groups)): ".partitioned(\(groups))"
        case .network(.isolated): ".isolated(\(node))"
        case .network(.degraded(let link)): ".degraded(\(node)\(Self.source(link)))"
        }
    }
}

extension Fault {
    private static func source(_ link: NetworkConditions.Link) -> String {
        (link.latency > .zero ? ", latency: \(link.latency.source)" : "")
            + (link.loss > 0 ? ", loss: \(link.loss)" : "")
            + (link.bandwidth.map { ", bandwidth: \($0)" } ?? "")
    }
}

extension Duration {
    /// As it is written in Swift.
    var source: String {
        let milliseconds = self / .milliseconds(1)
        guard milliseconds == milliseconds.rounded() else { return ".seconds(\(self / .seconds(1)))" }
        let whole = Int(milliseconds)
        return whole % 1000 == 0 ? ".seconds(\(whole / 1000))" : ".milliseconds(\(whole))"
    }
}

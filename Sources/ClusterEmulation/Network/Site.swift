/// What real sites have that code has to get along with: each a switch, all off unless you say otherwise.
///
/// ```swift
/// let fixture = ClusterFixture(roles: [.login, .compute(3)], services: [.sharedFolder("/home")]) { $0.site = .supercomputer }
/// ```
///
/// A site whose home is not shared is a cluster without `.sharedFolder("/home")`.
public struct Site: Sendable, Hashable {
    /// Whether compute nodes are reached only by way of the login node: `ssh` jumps (ProxyJump) with the cluster's ssh_config, and the
    /// inventory says so.
    public var computeBehindLogin: Bool
    /// The ports of login nodes to which compute nodes can connect, besides those that services need; nil means all.
    public var loginPorts: Set<Int>?
    /// The ports of every node to which other nodes can connect, besides those that services need; nil means all.
    public var firewall: Set<Int>?
    /// Whether jobs can be submitted on compute nodes as well; true unless you say otherwise.
    public var submitsOnCompute: Bool
    /// The name of a second network interface of every node, such as `ib0`, with an address in a network of its own. There `node1` is
    /// known as `node1-ib0`. Batch systems use that network.
    public var secondInterface: String?
    /// Whether nodes can't leave the cluster's networks, even where the backend would let them.
    public var noWayOut: Bool

    /// Describes a site.
    ///
    /// - Parameters:
    ///   - computeBehindLogin: Whether compute nodes are reached only by way of the login node.
    ///   - loginPorts: The ports of login nodes to which compute nodes can connect, besides those that services need; nil means all.
    ///   - firewall: The ports of every node to which other nodes can connect, besides those that services need; nil means all.
    ///   - submitsOnCompute: Whether jobs can be submitted on compute nodes as well.
    ///   - secondInterface: The name of a second network interface of every node, such as `ib0`.
    ///   - noWayOut: Whether nodes can't leave the cluster's networks, even where the backend would let them.
    public init(
        computeBehindLogin: Bool = false, loginPorts: Set<Int>? = nil, firewall: Set<Int>? = nil,
        submitsOnCompute: Bool = true, secondInterface: String? = nil, noWayOut: Bool = false
    ) {
        self.computeBehindLogin = computeBehindLogin
        self.loginPorts = loginPorts
        self.firewall = firewall
        self.submitsOnCompute = submitsOnCompute
        self.secondInterface = secondInterface
        self.noWayOut = noWayOut
    }

    /// A site without any of these rules.
    public static let open = Site()

    /// Compute nodes are behind the login node, and take jobs but don't submit any.
    public static let university = Site(computeBehindLogin: true, submitsOnCompute: false)

    /// As ``university``, with a fast network beside the usual one (`ib0`), and no way out.
    public static let supercomputer = Site(
        computeBehindLogin: true, submitsOnCompute: false, secondInterface: "ib0", noWayOut: true)

    /// As ``supercomputer``, and whatever is not named is shut: between nodes and from compute nodes to login nodes only SSH and what
    /// services need.
    public static let fortress = Site(
        computeBehindLogin: true, loginPorts: [22], firewall: [22], submitsOnCompute: false, secondInterface: "ib0",
        noWayOut: true)
}

extension Site {
    private static let presets: KeyValuePairs = [
        "open": open, "university": university, "supercomputer": supercomputer, "fortress": fortress,
    ]

    /// The names of the presets.
    package static var names: [String] { presets.map(\.key) }

    /// A preset by its name.
    package static func named(_ name: String) -> Site? { presets.first { $0.key == name }?.value }
}

/// What is the matter with names that a node's programs ask for. While there is any such fault, a resolver of the node's own gives
/// the answers of DNS: for the cluster's names as /etc/hosts had them, for others as the node's own resolvers do.
///
/// A machine has the fault under all its names, and a node always knows itself.
public enum NameFault: Sendable, Hashable {
    /// There is no such name: NXDOMAIN.
    case missing(String)
    /// The name stands for another address.
    case wrong(String, String)
    /// Each answer comes so late.
    case slow(Duration)
}

extension NameFault: CustomStringConvertible {
    /// The fault as it is written in Swift.
    public var description: String {
        switch self {
        case .missing(let name): ".missing(\(name.debugDescription))"
        case .wrong(let name, let address): ".wrong(\(name.debugDescription), \(address.debugDescription))"
        case .slow(let time): ".slow(\(time.source))"
        }
    }
}

extension NameFault: NodeBreakage {
    package var words: String {
        switch self {
        case .missing(let name): "it finds no \(name)"
        case .wrong(let name, let address): "it takes \(name) for \(address)"
        case .slow(let time): "it learns names \(time.inSeconds) late"
        }
    }

    private var script: (begin: [String], heal: [String]) {
        switch self {
        case .missing(let name): (["missing", name], ["missing", name])
        case .wrong(let name, let address): (["wrong", name, address], ["wrong", name])
        case .slow(let time): (["slow", NodeScript.seconds(time)], ["slow"])
        }
    }

    var place: String { "names " + script.heal.joined(separator: " ").lowercased() }

    func check() throws {
        switch self {
        case .missing(let name): try check(name: name)
        case .wrong(let name, let address):
            try check(name: name)
            guard IPAddress.isValid(address) else {
                throw ClusterError(
                    .invalidConfiguration, "\"\(ClusterConfiguration.printable(address))\" is not an address.")
            }
        case .slow(let time): try NodeScript.check(time, "Names can't be learnt")
        }
    }

    private func check(name: String) throws {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        }
        guard isName, name.utf8.count <= 253 else {
            throw ClusterError(
                .invalidConfiguration, "\"\(ClusterConfiguration.printable(name))\" is not a machine's name.")
        }
    }

    func begin(on node: String, of cluster: any BackendCluster) async throws {
        try await NodeScript.names.run(script.begin, on: node, of: cluster, "names can't be broken")
    }

    func end(on node: String, of cluster: any BackendCluster) async throws {
        try await NodeScript.names.run(["heal"] + script.heal, on: node, of: cluster, "names can't be healed")
    }
}

/// What a command did on several nodes, in the nodes' order.
///
/// ```swift
/// func kernels(of cluster: Cluster) async throws {
///     let results = try await cluster.run("uname -r").requireSuccess()
///     for (node, result) in results { print(node, try result.get().lines) }
///     print(try results["node2"].standardOutput)
/// }
/// ```
public struct CommandResults: Sendable, RandomAccessCollection {
    /// A node's name, and how the command ended there, or why it did not.
    public typealias Element = (node: String, result: Result<CommandResult, ClusterError>)

    private let command: String
    private let user: User
    private let elements: [Element]

    init(command: String, user: User, _ elements: [Element]) {
        (self.command, self.user, self.elements) = (command, user, elements)
    }

    /// The first position: 0.
    public var startIndex: Int { elements.startIndex }
    /// The position behind the last.
    public var endIndex: Int { elements.endIndex }
    /// The node at a position, and how the command ended there.
    public subscript(position: Int) -> Element { elements[position] }

    /// How the command ended on the node of a name.
    ///
    /// - Throws: ``ClusterError`` with the reason why it could not be run there, or did not end in time; with the code `noCluster`
    ///   if it was not to run on a node of that name.
    public subscript(node: String) -> CommandResult {
        get throws {
            if let element = elements.first(where: { $0.node == node }) { return try element.result.get() }
            let near = ClusterCatalog.nearest(to: node, among: elements.map(\.node))
            throw ClusterError(
                .noCluster, "`\(command)` was not run on a node \"\(ClusterConfiguration.printable(node))\".",
                remedy: near.map { "Did you mean \($0)?" } ?? "")
        }
    }

    /// Whether it ended with the exit code 0 on all nodes.
    public var succeeded: Bool { failures.isEmpty }

    /// The nodes on which it did not end with the exit code 0, and each one's error.
    public var failures: [(node: String, error: ClusterError)] {
        elements.compactMap { node, result in
            switch result {
            case .failure(let error): (node, error)
            case .success(let result): result.failure.map { (node, $0) }
            }
        }
    }

    /// Returns the results if the exit code is 0 on all nodes.
    ///
    /// - Throws: ``ClusterError``: that of the first node, in their order, on which the command failed, with its last lines; if there are
    ///   more, it counts them and names some.
    @discardableResult
    public func requireSuccess() throws -> CommandResults {
        let failures = failures
        guard let first = failures.first?.error else { return self }
        guard failures.count > 1 else { throw first }
        let others = failures.dropFirst().map(\.node)
        let names = others.prefix(8).joined(separator: ", ") + (others.count > 8 ? " and more" : "")
        throw first.among(
            "\(ClusterError.sentence(first.message)) Of the other \(count - 1) nodes, \(others.count) failed too: \(names)."
        )
    }
}

extension CommandResults: CustomStringConvertible {
    /// The command, on how many nodes it succeeded, and the results of those on which it did not.
    public var description: String {
        let failures = failures
        let head = "`\(command)` as \(user) succeeded on \(count - failures.count) of \(count) nodes"
        return ([head] + failures.prefix(8).map { "\($0.error)" } + (failures.count > 8 ? ["…"] : []))
            .joined(separator: "\n")
    }
}

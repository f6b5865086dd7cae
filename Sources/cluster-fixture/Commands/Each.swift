import ArgumentParser
import ClusterEmulation
import Foundation

struct Each: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a command on each node of a cluster at once.",
        discussion: """
            A command gets to each node as `ssh` would send it: its words are joined, and read by the user's shell there. It has \
            nothing to read. Each line that it prints has the node's name in front. `cluster-fixture each` ends with the \
            largest exit code of all nodes. A node that can't be reached counts as 70, and a node where the command took too long as 124. \
            Ctrl-C ends it on all nodes.

            EXAMPLES:
              cluster-fixture each lab -- uptime
              cluster-fixture each lab/node1,node3 --user root -- 'df -h / && uptime'
            """)

    @Argument(
        help: "Where: a cluster, for all of its nodes, or some of them, such as lab/node1,node3.", completion: .places)
    var place: Place

    @Option(name: .shortAndLong, help: "The user who runs it: ubuntu or root.")
    var user: User = .ubuntu

    @Option(help: "On how many nodes it runs at a time.")
    var atMost = 64

    @Option(help: "How long it may take on a node, such as 30s.")
    var timeout: Span?

    @Argument(parsing: .postTerminator, help: "The command, after --.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty {
            throw ValidationError("There is no command after `--`: `cluster-fixture each lab -- hostname`.")
        }
        if atMost < 1 { throw ValidationError("--at-most is a number of nodes: at least 1.") }
    }

    func run() async throws {
        let (nodes, limit, line, timeout) = (
            try await nodes(), atMost, command.joined(separator: " "), timeout?.duration
        )
        try ResourceLimits.allowOpenFiles(programs: min(limit, nodes.count))
        let codes = try await Interruptible.run {
            try await concurrently(nodes, atMost: limit) { try await $0.run(line, within: timeout) }
        }
        let failed = codes.filter { $0 != 0 }
        guard let worst = failed.max() else { return }
        Console.error("the command failed on \(failed.count) of \(nodes.count) nodes")
        Foundation.exit(worst)
    }

    /// Each node once, in the order in which they were named.
    private func nodes() async throws -> [NamedRoute] {
        let found = try await ClusterCatalog.find(place.cluster)
        let inventory = try found.requireInventory()
        let named = place.node?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let names = try named?.map { try Place(cluster: place.cluster, node: $0).find(in: found).node.name }
        var seen = Set<String>()
        return (names ?? inventory.nodes.map(\.name)).filter { seen.insert($0).inserted }.map { name in
            NamedRoute(route: NodeRoute(inventory, name, user, by: found.cluster), name: name)
        }
    }
}

/// The way to a node, and what stands in front of its lines.
private struct NamedRoute: Sendable {
    let route: NodeRoute
    let name: String

    /// Runs a command there and shows what it prints.
    ///
    /// - Returns: The exit code, or what stands for it.
    /// - Throws: `CancellationError`, once the command has ended there.
    func run(_ line: String, within limit: Duration?) async throws -> Int32 {
        let (output, error) = (PrefixedLines(name) { Console.result($0) }, PrefixedLines(name, Console.note))
        do {
            let remote = try await RemoteCommand(line, by: route) {
                output.add($0)
            } onError: {
                error.add($0)
            }
            let outcome: Result<CommandOutput, any Error>
            do { outcome = .success(try await remote.value(within: limit)) } catch { outcome = .failure(error) }
            for lines in [output, error] { lines.end() }
            let code = try outcome.get().exitCode
            if code != 0 { Console.error("\(name): exit code \(code)") }
            return code
        } catch let error as CancellationError {
            throw error
        } catch is RemoteCommand.TimeExceeded {
            Console.error("\(name): the command did not end within \((limit ?? .zero).inSeconds)")
            return 124
        } catch {
            Console.error("\(error)")
            return 70
        }
    }
}

/// Prints the lines of a node as they come, each with the node's name in front.
private final class PrefixedLines: Sendable {
    private let name: String
    private let show: @Sendable (String) -> Void
    private let buffer = Locked(LineBuffer())

    init(_ name: String, _ show: @escaping @Sendable (String) -> Void) { (self.name, self.show) = (name, show) }

    func add(_ bytes: ArraySlice<UInt8>) {
        for line in buffer.withLock({ $0.add(bytes) }) { show("\(name): \(line)") }
    }

    func end() {
        if let line = buffer.withLock({ $0.end() }) { show("\(name): \(line)") }
    }
}

import ArgumentParser
import ClusterEmulation
import Foundation

struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what the nodes' sshd have to say.",
        discussion: """
            EXAMPLE:
              cluster-fixture logs lab node2 --follow
            """)

    @Argument(help: "The cluster's name or id.")
    var cluster: String

    @Argument(help: "The node; all of them by default.")
    var node: String?

    @Flag(name: .shortAndLong, help: "Go on with what comes.")
    var follow = false

    func run() async throws {
        let found = try await ClusterCatalog.find(cluster)
        if let node { _ = try await Place(cluster: cluster, node: node).find() }
        if follow {
            let names = try node.map { [$0] } ?? found.requireInventory().nodes.map(\.name)
            try found.backend.followLogs(of: found.summary, names).replaceThisProcess()
        }
        let logs = try await found.backend.logs(of: found.summary.id)
        for (name, log) in logs.sorted(by: { $0.key.localizedStandardCompare($1.key) == .orderedAscending })
        where node == nil || node == name {
            for line in log.split(separator: "\n") { Console.result(node == nil ? "\(name): \(line)" : "\(line)") }
        }
    }
}

import ArgumentParser
import ClusterEmulation
import Foundation

struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the logs of the nodes' SSH servers.",
        discussion: """
            EXAMPLES:
              cluster-fixture logs lab
              cluster-fixture logs lab/node2 --follow
            """)

    @Argument(help: "The node, CLUSTER/NODE; or a cluster's name or id, for all of its nodes.", completion: .places)
    var login: Login

    @Flag(name: .shortAndLong, help: "Go on printing new lines until the cluster ends.")
    var follow = false

    /// As with ssh and copy; whoever is named sees the same.
    private var place: Place { login.place }

    func validate() throws { _ = try login.user(or: nil) }

    func run() async throws {
        let found = try await ClusterCatalog.find(place.cluster)
        if place.node != nil { _ = try place.find(in: found) }
        if follow { return try await self.follow(found) }
        let logs = try await found.cluster.logs()
        for (name, log) in logs.sorted(by: { $0.key.localizedStandardCompare($1.key) == .orderedAscending })
        where place.node == nil || place.node == name {
            for line in log.split(separator: "\n") { _ = show(String(line), of: name) }
        }
    }

    /// Until the cluster ends, or whoever reads has had enough.
    private func follow(_ found: ListedCluster) async throws {
        let names = try place.node.map { [$0] } ?? found.requireInventory().nodes.map(\.name)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (name, program) in try found.cluster.followLogs(of: names) {
                group.addTask { _ = try await program.eachLine { if !show($0, of: name) { Foundation.exit(0) } } }
            }
            try await group.waitForAll()
        }
    }

    private func show(_ line: String, of name: String) -> Bool {
        Console.result(place.node == nil ? "\(name): \(line)" : line)
    }
}

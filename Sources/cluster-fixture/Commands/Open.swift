import ArgumentParser
import ClusterEmulation
import Foundation

struct Open: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints where a service of a cluster is reached, and opens it in a browser.",
        discussion: """
            Standard output gets the address, with the token if one is needed. Where standard output is not a terminal, \
            and with --print, no browser is opened.

            EXAMPLES:
              cluster-fixture open lab jupyter
              curl "$(cluster-fixture open lab web)"
            """)

    @Argument(help: "The cluster's name or id.", completion: .clusters)
    var cluster: String

    @Argument(help: "The service's name, or SERVICE/ENDPOINT where it has several.")
    var service: String

    @Flag(help: "Only print it.")
    var print = false

    func run() async throws {
        let inventory = try await ClusterCatalog.find(cluster).requireInventory()
        let endpoint = try endpoint(in: inventory)
        Console.result(endpoint.url)
        guard isatty(STDOUT_FILENO) == 1, !print, endpoint.url.hasPrefix("http") else { return }
        for opener in ["xdg-open", "open"] where ProgramPath.findByName(opener) != nil {
            _ = try await Command(opener, [endpoint.url]).output()
            return
        }
    }

    private func endpoint(in inventory: Inventory) throws -> Inventory.Endpoint {
        let parts = service.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let names = inventory.services.map(\.name)
        guard let found = inventory.services.first(where: { $0.name == parts[0] }) else {
            throw ClusterError(
                .noCluster, "Cluster \(inventory.name) has no service \"\(parts[0])\".",
                remedy: ClusterCatalog.nearest(to: parts[0], among: names).map { "Did you mean \($0)?" }
                    ?? (names.isEmpty ? "It has no services." : "It has \(names.joined(separator: ", "))."))
        }
        if let endpoint = found.endpoints.first(where: { parts.count == 1 || $0.name == parts[1] }) { return endpoint }
        throw ClusterError(
            .noCluster,
            found.endpoints.isEmpty
                ? "The service \(found.name) has nothing to be opened."
                : "The service \(found.name) has \(found.endpoints.map(\.name).joined(separator: ", ")), and no \"\(parts.last ?? "")\"."
        )
    }
}

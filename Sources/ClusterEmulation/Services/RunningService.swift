/// A service of a running cluster.
public struct RunningService<Kind: Service>: Sendable {
    /// What was asked for.
    public let service: Kind
    /// Where it runs, and what it has there.
    public let plan: ServicePlan
    /// All nodes, as it was planned with them.
    public let layout: ClusterLayout
    /// The cluster.
    public let cluster: Cluster

    /// The nodes that it runs on.
    public var nodes: [Node] { plan.nodes.map { cluster[$0] } }

    /// Where this machine reaches an endpoint, as an address such as `http://127.0.0.1:40123/lab`.
    ///
    /// - Parameter name: The endpoint's name; nil is the first.
    /// - Returns: The address.
    /// - Throws: ``ClusterError`` with the code `noCluster` if the service has no such endpoint.
    public func address(_ name: String? = nil) throws -> String {
        guard let endpoint = plan.endpoints.first(where: { name == nil || $0.name == name }),
            let port = cluster[endpoint.node].publishedPorts[endpoint.port]
        else {
            throw ClusterError(
                .noCluster, "The service \(service.name) has no endpoint\(name.map { " \"\($0)\"" } ?? "").")
        }
        return endpoint.address(cluster[endpoint.node].provisioned.host, port)
    }
}

extension Cluster {
    /// The first service of a kind that runs on the cluster.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` if there is none.
    public func service<Kind: Service>(_ kind: Kind.Type = Kind.self) throws -> RunningService<Kind> {
        for planned in services {
            if let service = planned.service as? Kind {
                return RunningService(service: service, plan: planned.plan, layout: layout, cluster: self)
            }
        }
        throw ClusterError(
            .noCluster, "Cluster \(name) has no service of the kind \(kind).",
            remedy: "Give it one: `ClusterFixture(nodes: 3, services: […])`.")
    }
}

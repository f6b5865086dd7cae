import CScripts

/// A cluster of Dask's: a scheduler with its dashboard, and a worker on each compute node, all of them `ubuntu`'s.
///
/// Programs on the nodes find it by themselves: `distributed.Client()` without an address connects to it. A worker has as many
/// threads and as much memory as its node may use. Nodes that are made of ``NodeImage/node`` are made of ``NodeImage/dask``
/// instead.
public struct Dask: Service {
    /// `dask`
    public let name = "dask"
    /// Where the scheduler is: on one node.
    public let scheduler: Placement
    /// Where the workers are: one on each node.
    public let workers: Placement

    static let port = 8786
    static let dashboardPort = 8787
}

extension Service where Self == Dask {
    /// A cluster of Dask's.
    ///
    /// - Parameters:
    ///   - scheduler: Where the scheduler is; on the first of several nodes.
    ///   - workers: Where the workers are, one on each node.
    /// - Returns: The service, called `dask`.
    public static func dask(scheduler: Placement = .login, workers: Placement = .compute) -> Dask {
        Dask(scheduler: scheduler, workers: workers)
    }
}

extension Dask {
    /// The node with Dask.
    public func image(_ image: NodeImage) -> NodeImage { image.withDask }

    /// Plans the scheduler and the workers, and tells all nodes where the scheduler is.
    public func plan(for layout: ClusterLayout) throws -> ServicePlan {
        let scheduler = try layout.nodes(scheduler)[0].name
        let workers = try layout.nodes(workers).map(\.name)
        let address = "tcp://\(scheduler):\(Self.port)"
        return ServicePlan(
            on: [scheduler] + workers.filter { $0 != scheduler },
            files: [
                ServiceFile(
                    "/etc/dask/cluster-fixture.yaml", "scheduler-address: \(address)\n",
                    nodes: layout.nodes.map(\.name))
            ],
            endpoints: [
                ServiceEndpoint(
                    "dashboard", on: scheduler, port: Self.dashboardPort, scheme: "http", path: "/status"),
                ServiceEndpoint("scheduler", on: scheduler, port: Self.port),
            ],
            logs: ["/var/log/dask-scheduler.log", "/var/log/dask-worker.log"],
            values: ["address": address, "scheduler": scheduler])
    }

    /// Starts the scheduler and the workers at once: workers wait for their scheduler.
    public func start(on nodes: ServiceNodes) async throws {
        guard let scheduler = nodes.plan.values["scheduler"] else { return }
        let address = nodes.plan.values["address"] ?? ""
        let workers = try nodes.layout.nodes(workers)
        try await nodes.onEach { node in
            if node == scheduler {
                let ports = ["--port", "\(Self.port)", "--dashboard-address", ":\(Self.dashboardPort)"]
                try await nodes.start(["dask", "scheduler"] + ports, as: "dask-scheduler", on: node)
            }
            if let worker = workers.first(where: { $0.name == node }) {
                try await nodes.start(
                    ["dask", "worker", address, "--name", node, "--local-directory", "/tmp"] + Self.size(worker.limits),
                    as: "dask-worker", on: node)
            }
        }
    }

    /// Returns when a function has run on each worker.
    public func prove(on nodes: ServiceNodes) async throws {
        let count = try nodes.layout.nodes(workers).count
        try await nodes.prove(
            by: String(cString: dask_proving_program()),
            [nodes.plan.values["address"] ?? "", "\(count)", "/run/dask-scheduler.pid"],
            on: nodes.plan.values["scheduler"] ?? "")
    }

    /// What a worker may use. Without a limit Dask takes what it sees.
    static func size(_ limits: NodeLimits) -> [String] {
        (limits.processors.map { ["--nthreads", "\(max(1, Int($0)))"] } ?? [])
            + (limits.memory.map { ["--memory-limit", "\($0)"] } ?? [])
    }
}

extension Cluster {
    /// The cluster of Dask's.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` if ``Service/dask(scheduler:workers:)`` is not among its services.
    public var dask: RunningService<Dask> { get throws { try service() } }
}

extension RunningService<Dask> {
    /// The scheduler's address for programs on the nodes, such as `tcp://login1:8786`.
    public var address: String { plan.values["address"] ?? "" }

    /// The scheduler's address for programs on this machine, such as `tcp://127.0.0.1:40123`.
    public var addressHere: String { get throws { try address("scheduler") } }

    /// The dashboard's address on this machine, such as `http://127.0.0.1:40124/status`.
    public var dashboard: String { get throws { try address("dashboard") } }
}

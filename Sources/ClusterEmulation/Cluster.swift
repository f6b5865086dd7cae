/// A running cluster: N machines with sshd, on a network of their own.
///
/// A cluster is started by ``withCluster(nodes:roles:image:services:backend:name:configure:_:)``, by
/// a fixture, or by ``start(_:)``; whoever starts it stops it. If the process dies instead, the cluster is removed all
/// the same.
public final class Cluster: Sendable {
    /// The name for people.
    public let name: String
    /// The cluster's unique identifier: ten hexadecimal digits.
    public let id: String
    /// The nodes, in the order of their roles and numbers: node1 first, or login1.
    public let nodes: [Node]

    package let clusterID: ClusterID
    let runtime: ClusterRuntime

    init(runtime: ClusterRuntime, nodes: [Node]) {
        self.name = runtime.plan.name
        self.id = runtime.plan.id.description
        self.clusterID = runtime.plan.id
        self.nodes = nodes
        self.runtime = runtime
    }

    /// The node at an index, counted from 0: `cluster[0]` is node1.
    public subscript(_ index: Int) -> Node {
        precondition(nodes.indices.contains(index), "cluster \(name) has nodes 0 to \(nodes.count - 1), not \(index)")
        return nodes[index]
    }

    /// The node of a name, such as `cluster["node2"]`.
    public subscript(_ nodeName: String) -> Node {
        guard let node = nodes.first(where: { $0.name == nodeName }) else {
            preconditionFailure("cluster \(name) has no node \"\(nodeName)\"")
        }
        return node
    }

    /// An OpenSSH client configuration with an entry for each node: `ssh -F FILE root@node1`, `rsync -e 'ssh -F FILE'`.
    ///
    /// It knows each node by its name, its name with the domain, its address and its published port. Whoever uses it has connections
    /// of their own.
    public var sshConfigurationFile: String { runtime.access.configurationFile }

    /// A known_hosts file with the nodes' pinned host keys, under their names, ips and published ports.
    public var knownHostsFile: String { runtime.access.knownHostsFile }

    /// This machine's address in the cluster's network, where the nodes reach it and it reaches them by their addresses; nil if it
    /// has none: with an ordinary user's namespaces, and where Docker has a machine of its own.
    public var hostIP: String? { runtime.cluster.hostIP }

    /// The name of the backend that it runs on: `docker`, `namespaces`, `swarm` or `hosts`.
    public var backendName: String { runtime.cluster.summary.backend }

    /// How long each step of its start took.
    public var startTimes: StartTimes { StartTimes(runtime.timeline.events) }

    /// How long the steps of its last ``reset()`` or ``restore(_:)`` took that there were; nil before the first.
    public var resetTimes: StartTimes? { runtime.resetTimes }

    /// Removes the cluster without a trace. A second call waits for the first and does nothing.
    ///
    /// The removal is completed even when the task is cancelled.
    ///
    /// - Throws: ``ClusterError`` with the code `teardownFailed` if the backend could not remove everything. A process in the
    ///   background then goes on trying.
    public func stop() async throws { try await runtime.stop() }

    /// The last lines of each node's own log (sshd's and the container's), by the node's name.
    ///
    /// - Throws: ``ClusterError`` if the backend can't be asked.
    public func logs() async throws -> [String: String] { try await runtime.cluster.logs() }

    /// What runs on it besides sshd.
    package var services: [PlannedService] { runtime.plan.services }

    /// Its nodes as services were planned with them.
    package var layout: ClusterLayout { runtime.plan.layout }

    /// What was made or told in confidence.
    var secrets: Secrets {
        var secrets = Secrets(words: runtime.plan.passwords.values)
        secrets.add(services.flatMap(\.plan.values).filter { Secrets.isSecret(name: $0.key) }.map(\.value))
        let configuration = runtime.plan.configuration
        secrets.add((configuration.environment.map { $0 } + configuration.roles.flatMap(\.environment)).map(\.value))
        return secrets
    }

    /// The cluster as its backend has it, whom everything can be asked that needs no SSH.
    package var handle: any BackendCluster { runtime.cluster }

    /// What has happened to it so far.
    package var timeline: Timeline { runtime.timeline }

    /// Names a program that is to end as well if this process dies; nil takes the last name back.
    package func alsoEnd(_ process: Int32?) { runtime.alsoEnd(process) }

    /// Leaves the cluster running when this process ends, and says how to reach and how to remove it.
    package func keep() async throws -> String { try await runtime.keep(nodes) }
}

extension Cluster {
    /// Starts a cluster and waits until every node is ready.
    ///
    /// Progress is printed on standard error when something takes long, such as the first build of an image.
    ///
    /// - Throws: ``ClusterError`` if the configuration can't work, no backend can run here, or a node does not become
    ///   ready in time; `CancellationError` if the task is cancelled. In each case, everything that was begun is removed.
    public static func start(_ configuration: ClusterConfiguration = ClusterConfiguration()) async throws -> Cluster {
        try await start(configuration, timeline: Timeline(Progress()))
    }

    package static func start(_ configuration: ClusterConfiguration, timeline: Timeline) async throws -> Cluster {
        let plan = try ClusterPlan(configuration)
        // Needed at the end; a misspelt value is an error now, before anything starts.
        _ = try Retention.current
        _ = try Breakpoint.current
        try ResourceLimits.requireAddressSpace()
        let backend = try await Gate.starts.pass {
            let backend = try await configuration.backend.resolve()
            try backend.check(plan)
            return backend
        }
        // Whoever waits for machines that others have is not to be in the way of those others.
        if backend is HostsBackend { return try await ClusterRuntime.start(plan, on: backend, timeline: timeline) }
        return try await Gate.starts.pass {
            try await ClusterRuntime.start(plan, on: backend, timeline: timeline)
        }
    }
}

/// A running cluster: N machines with sshd, on a network of their own.
///
/// A cluster is started by ``withCluster(nodes:roles:image:services:backend:name:configure:_:)``, by
/// a fixture, or by ``start(_:file:line:)``; whoever starts it stops it. If the process dies instead, the cluster is removed all
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
    ///
    /// An index of no node ends the process, with a message that names the line.
    public subscript(_ index: Int, file: StaticString = #fileID, line: UInt = #line) -> Node {
        guard nodes.indices.contains(index) else {
            // It is printed however the library was built, which a failed precondition's message is not.
            fatalError(
                "\(self) has no node at index \(index): indices are 0 to \(nodes.count - 1).", file: file, line: line)
        }
        return nodes[index]
    }

    /// The node of a name, such as `cluster["node2"]`.
    ///
    /// A name of no node ends the process, with a message that names the line; ``node(_:)`` throws instead.
    public subscript(_ nodeName: String, file: StaticString = #fileID, line: UInt = #line) -> Node {
        do { return try node(nodeName) } catch { fatalError("\(error)", file: file, line: line) }
    }

    /// The node of a name.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster`, which suggests the name that comes nearest.
    public func node(_ name: String) throws -> Node {
        if let node = nodes.first(where: { $0.name == name }) { return node }
        let near = ClusterCatalog.nearest(to: name, among: nodes.map(\.name)).map { "Did you mean \($0)?" }
        throw ClusterError(
            .noCluster, "Cluster \(self.name) has no node \"\(ClusterConfiguration.printable(name))\".",
            remedy: near ?? "It has \(nodeNames).")
    }

    /// An OpenSSH client configuration with an entry for each node: `ssh -F FILE root@node1`, `rsync -e 'ssh -F FILE'`.
    ///
    /// It knows each node by its name, its name with the domain, its address and its published port. Whoever uses it has connections
    /// of their own.
    public var sshConfigurationFile: String { runtime.access.configurationFile }

    /// A known_hosts file with the nodes' pinned host keys, under their names, ips and published ports.
    public var knownHostsFile: String { runtime.access.knownHostsFile }

    /// This machine's address in the cluster's network, where the nodes reach it and it reaches them by their addresses; nil if it
    /// has none: with an ordinary user's namespaces, with Docker on macOS, on a Swarm, and with existing hosts that do not all see this machine at the same
    /// address of its own.
    public var hostIP: String? { runtime.cluster.hostIP }

    /// The name of the backend that it runs on: `docker`, `namespaces`, `swarm` or `hosts`.
    public var backendName: String { runtime.cluster.summary.backend }

    /// How long each step of its start took.
    public var startTimes: StartTimes { StartTimes(runtime.timeline.events) }

    /// How long each step of its last ``reset()`` or ``restore(_:)`` took; nil before the first.
    public var resetTimes: StartTimes? { runtime.resetTimes }

    /// Removes the cluster without a trace, as `cluster-fixture down` does (``Node/stop()`` only switches a node off). A second call waits for the first and does nothing.
    ///
    /// The removal is completed even when the task is cancelled.
    ///
    /// - Throws: ``ClusterError`` with the code `teardownFailed` if the backend could not remove everything. A process in the
    ///   background then goes on trying.
    public func stop() async throws {
        Unstopped.remove(id)
        try await runtime.stop()
    }

    /// Notes where it was started, so that this is said if it is let go of, or the process ends, before it is stopped.
    package func mustBeStopped(startedAt place: String) { Unstopped.add(id, "\(self) was started at \(place)") }

    deinit { Unstopped.letGo(id) }

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

    /// The same, for a program that is about to be started.
    package var notice: ProcessNotice { runtime.notice }

    /// Whether it was stopped, or kept.
    package var isEnded: Bool { runtime.isEnded }

    /// Leaves the cluster running when this process ends, and says how to reach and how to remove it.
    package func keep() async throws -> String {
        Unstopped.remove(id)
        return try await runtime.keep(nodes)
    }
}

extension Cluster: CustomStringConvertible {
    /// Its name, its backend and its nodes: `cluster lab (namespaces: node1, node2, node3)`.
    public var description: String { "cluster \(name) (\(backendName): \(nodeNames))" }

    /// The nodes' names, of which a person needs to see the first and the last.
    private var nodeNames: String {
        let names = nodes.map(\.name)
        if names.count <= 8 { return names.joined(separator: ", ") }
        return "\(names.count) nodes, " + names.prefix(3).joined(separator: ", ") + " … \(names[names.count - 1])"
    }
}

extension Cluster {
    /// Starts a cluster and waits until every node is ready.
    ///
    /// Progress is printed on standard error when something takes long, such as the first build of an image.
    ///
    /// - Parameters:
    ///   - configuration: What the cluster is to be.
    ///   - file: Where it is started, for the message that it was never stopped.
    ///   - line: The line there.
    /// - Returns: The cluster, which the caller stops.
    /// - Throws: ``ClusterError`` if the configuration can't work, no backend can run here, or a node does not become
    ///   ready in time; `CancellationError` if the task is cancelled. In each case, everything that was begun is removed.
    public static func start(
        _ configuration: ClusterConfiguration = ClusterConfiguration(), file: StaticString = #fileID,
        line: UInt = #line
    ) async throws -> Cluster {
        let cluster = try await start(configuration, timeline: Timeline(Progress()))
        cluster.mustBeStopped(startedAt: "\(file):\(line)")
        return cluster
    }

    /// Starts a cluster for somebody who is sure to stop it.
    package static func start(_ configuration: ClusterConfiguration, timeline: Timeline) async throws -> Cluster {
        let plan = try ClusterPlan(configuration)
        try OwnVariables.check()
        // Needed at the end; a misspelt value is an error now, before anything starts.
        _ = try Retention.current
        _ = try Breakpoint.current
        try ResourceLimits.requireAddressSpace()
        let backend = try await Gate.starts.pass {
            try await configuration.backend.resolve(for: plan)
        }
        // Whoever waits for machines that others have is not to be in the way of those others.
        if backend is HostsBackend { return try await ClusterRuntime.start(plan, on: backend, timeline: timeline) }
        return try await Gate.starts.pass {
            try await ClusterRuntime.start(plan, on: backend, timeline: timeline)
        }
    }
}

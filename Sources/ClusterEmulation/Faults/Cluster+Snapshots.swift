extension Node {
    /// Makes an image of the node's files as they are at this moment: the node is frozen meanwhile, and goes on afterwards.
    ///
    /// Other clusters can have nodes of it, `ClusterFixture(nodes: 3, image: try await node.snapshot())`, in this run or another:
    /// `cluster-fixture images` shows it, and `NodeImage.snapshot` takes its name. The cluster's own keys are not in it.
    ///
    /// - Returns: The image.
    /// - Throws: ``ClusterError`` if the backend can't do that, or the image can't be made; `CancellationError`.
    public func snapshot() async throws -> NodeImage {
        try await cluster.whileFrozen([name]) { snapshots in try await snapshots.image(of: name) }
    }
}

extension Cluster {
    /// Keeps the files of all nodes as they are at this moment, and the folders of the cluster's own that they share: the nodes are frozen
    /// meanwhile, and go on afterwards. ``restore(_:)`` gives them back; they go with the cluster.
    ///
    /// - Parameter name: A name for it: 1 to 32 lower-case letters, digits and hyphens, a letter first. One of the same name is replaced.
    /// - Throws: ``ClusterError`` if the backend can't do that, or the name can't be; `CancellationError`.
    public func snapshot(_ name: String) async throws { try await runtime.keep(as: name) }

    /// Makes the cluster what it was at a ``snapshot(_:)``: all processes are ended, files are those that were kept, and the nodes and
    /// services are started again. Names, addresses, ports and keys stay.
    ///
    /// - Parameter name: The snapshot's name.
    /// - Throws: ``ClusterError`` if there is no such snapshot, or a node or a service does not become ready; `CancellationError`.
    public func restore(_ name: String) async throws { try await runtime.restore(name) }

    /// Starts a second cluster whose nodes have the files that these have at this moment, with keys, addresses and ports of its own. The
    /// caller stops it.
    ///
    /// - Parameter name: A name for it, or nil to choose one.
    /// - Returns: The cluster, which is ready.
    /// - Throws: ``ClusterError`` if the backend can't do that, or as ``start(_:)`` does; `CancellationError`.
    public func fork(name: String? = nil) async throws -> Cluster {
        let kept = try await runtime.keep()
        do {
            let fork = try await Cluster.start(runtime.plan.configuration.forked(as: name))
            do { try await fork.runtime.take(kept.folder) } catch {
                try? await fork.stop()
                throw error
            }
            try kept.remove()
            return fork
        } catch {
            try? kept.remove()
            throw error
        }
    }
}

extension ClusterConfiguration {
    /// The same with another name. Ports of this machine can't be had twice: free ones take their place.
    fileprivate func forked(as name: String?) -> ClusterConfiguration {
        func free(_ ports: [PublishedPort]) -> [PublishedPort] {
            ports.map { PublishedPort($0.nodePort, on: nil, $0.transport) }
        }
        var configuration = self
        configuration.name = name
        configuration.ports = free(ports)
        configuration.roles = roles.map { role in
            var role = role
            role.ports = free(role.ports)
            return role
        }
        return configuration
    }
}

/// The files of a cluster's nodes, in a folder of the cluster's.
private struct KeptFiles {
    let place: OwnFolder
    let name: String

    var folder: OwnFolder { get throws { try place.folder(name) } }

    func remove() throws { try place.remove(name) }
}

extension ClusterRuntime {
    /// The folder of all snapshots.
    private var snapshots: OwnFolder {
        get throws { try OwnFolder.ensured(plan.workspace.folder + "/snapshots") }
    }

    fileprivate func keep() async throws -> KeptFiles {
        let kept = KeptFiles(place: try snapshots, name: ".\(RandomDigits.hexadecimal(10))")
        let folder = try kept.place.make(kept.name)
        do {
            try await cluster.whileFrozen(cluster.nodes.map(\.name)) { try await $0.keepFiles(in: folder) }
            return kept
        } catch {
            try? kept.remove()
            throw error
        }
    }

    fileprivate func keep(as name: String) async throws {
        try Self.check(name)
        let kept = try await keep()
        try kept.place.rename(kept.name, to: name)
    }

    fileprivate func restore(_ name: String) async throws {
        try Self.check(name)
        let giving = try cluster.capability((any NodeSnapshots).self, "give nodes files back")
        let names = try snapshots.names().filter { !$0.hasPrefix(".") }
        guard names.contains(name) else {
            throw ClusterError(
                .noCluster, "Cluster \(plan.name) has no snapshot \"\(name)\".",
                remedy: names.isEmpty
                    ? "Make one first: `cluster.snapshot(…)`." : "It has \(names.joined(separator: ", ")).")
        }
        let folder = try snapshots.folder(name)
        try await restart { try await giving.giveFiles(from: folder, isForeign: false) }
    }

    /// Gives this cluster's nodes the files of another one's.
    fileprivate func take(_ folder: OwnFolder) async throws {
        let giving = try cluster.capability((any NodeSnapshots).self, "give nodes files back")
        try await restart { try await giving.giveFiles(from: folder, isForeign: true) }
    }

    private static func check(_ name: String) throws {
        guard ClusterConfiguration.isValidName(name) else {
            throw ClusterError(
                .invalidConfiguration,
                "A snapshot can't be called \"\(ClusterConfiguration.printable(name))\": 1 to 32 lower-case letters, digits and hyphens, a letter first."
            )
        }
    }
}

extension BackendCluster {
    /// Does something with nodes' files while nothing changes them: those that run are frozen, and go on afterwards.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that; what `body` throws.
    package func whileFrozen<Result: Sendable>(
        _ nodes: [String], _ body: @Sendable (any NodeSnapshots) async throws -> Result
    ) async throws -> Result {
        let snapshots = try capability((any NodeSnapshots).self, "keep nodes' files")
        let pausing = try capability((any NodePausing).self, "pause a node")
        let states = try await states()
        var frozen: [String] = []
        let outcome: Swift.Result<Result, any Error>
        do {
            for node in nodes where states[node] == .running {
                if try await pausing.pause(node) { frozen.append(node) }
            }
            outcome = .success(try await body(snapshots))
        } catch {
            outcome = .failure(error)
        }
        let ours = frozen
        try await uncancelled { for node in ours { try await pausing.resume(node) } }
        return try outcome.get()
    }
}

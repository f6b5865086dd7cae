/// The files of a cluster's nodes that were kept, by their names: in the cluster's folder, with which they go.
package struct Snapshots: Sendable {
    private let cluster: any BackendCluster

    package init(of cluster: any BackendCluster) { self.cluster = cluster }

    /// How what runs on nodes is kept from changing their files.
    enum Keeping {
        /// It is frozen, and goes on afterwards.
        case frozen
        /// It is ended in order, so that what services have in memory is kept as well; the nodes are started again.
        case stopped
    }

    private var place: OwnFolder {
        get throws { try OwnFolder.ensured(cluster.summary.workspace.folder + "/snapshots") }
    }

    /// Keeps the files of all nodes, under a name of its own.
    ///
    /// - Parameter keeping: How what runs on the nodes is kept from changing them.
    /// - Returns: The name, which no user can give.
    /// - Throws: ``ClusterError`` if the backend can't do that; `CancellationError`.
    func keep(_ keeping: Keeping = .frozen) async throws -> String {
        let (place, name) = (try place, ".\(RandomDigits.hexadecimal(10))")
        let folder = try place.make(name)
        let nodes = cluster.nodes.map(\.name)
        do {
            switch keeping {
            case .frozen: try await cluster.whileFrozen(nodes) { try await $0.keepFiles(in: folder) }
            case .stopped: try await cluster.whileStopped(nodes) { try await $0.keepFiles(in: folder) }
            }
            return name
        } catch {
            try? place.remove(name)
            throw error
        }
    }

    /// Keeps the files of all nodes as they are at this moment, in the place of those that have the name.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that, or the name can't be; `CancellationError`.
    package func keep(as name: String) async throws { try await keep(.frozen, as: name) }

    func keep(_ keeping: Keeping, as name: String) async throws {
        try Self.check(name)
        try place.rename(try await keep(keeping), to: name)
    }

    /// Ends all nodes, and starts them with files that were kept. Returns when they are under way.
    ///
    /// - Throws: ``ClusterError`` if the backend can't do that, or nothing of that name was kept; `CancellationError`.
    package func give(_ name: String) async throws {
        try Self.check(name)
        let names = try place.names().filter { !$0.hasPrefix(".") }
        guard names.contains(name) else {
            throw ClusterError(
                .noCluster, "Cluster \(cluster.summary.name) has no snapshot \"\(name)\".",
                remedy: names.isEmpty ? "Make one first." : "It has \(names.joined(separator: ", ")).")
        }
        try await give(folder(name))
    }

    /// Ends all nodes, and starts them with files that were kept, perhaps of another cluster's nodes.
    func give(_ folder: OwnFolder, isForeign: Bool = false) async throws {
        try await cluster.capability((any NodeSnapshots).self, "give nodes files back")
            .giveFiles(from: folder, isForeign: isForeign)
    }

    func folder(_ name: String) throws -> OwnFolder { try place.folder(name) }

    func remove(_ name: String) throws { try place.remove(name) }

    static func check(_ name: String) throws {
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

    /// Does something with nodes' files when all that runs on them has ended in order, and starts the nodes again. Returns when they are
    /// under way.
    fileprivate func whileStopped(
        _ nodes: [String], _ body: @Sendable (any NodeSnapshots) async throws -> Void
    ) async throws {
        let snapshots = try capability((any NodeSnapshots).self, "keep nodes' files")
        let power = try capability((any NodePower).self, "stop single nodes")
        let outcome: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for node in nodes { group.addTask { try await power.stop(node) } }
                try await group.waitForAll()
            }
            outcome = .success(try await body(snapshots))
        } catch {
            outcome = .failure(error)
        }
        try await uncancelled { for node in nodes { try await power.start(node) } }
        try outcome.get()
    }
}

import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What is done to a cluster's network on purpose, by whichever processes of this user. The site's own rules are in force besides, all
/// the time.
///
/// The faults are kept in the cluster's folder, each by itself, so that one can end while others go on. What is in force is all of them one
/// behind the other.
package struct NetworkFaults: Sendable {
    /// One fault.
    package struct Fault: Codable, Sendable, Hashable {
        package let id: String
        package let conditions: NetworkConditions
        /// The process that began it, and the fault's number in its timeline.
        let process: Int32
        let number: Int?
    }

    private let cluster: any BackendCluster
    private let timeline: Timeline?

    /// - Parameters:
    ///   - cluster: Whose network.
    ///   - timeline: Where faults are noted, in the process that has one.
    package init(of cluster: any BackendCluster, timeline: Timeline? = nil) {
        self.cluster = cluster
        self.timeline = timeline
    }

    /// What is in force besides the site's own rules.
    ///
    /// - Throws: ``ClusterError`` with the code `clusterLost` if the cluster is gone.
    package func conditions() throws -> NetworkConditions { Self.all(try read(try folder())) }

    /// Adds a fault to those that there are.
    ///
    /// - Parameters:
    ///   - conditions: What the network does besides.
    ///   - node: The node that it is about, if it is one.
    /// - Returns: The fault's id, by which it is taken away.
    /// - Throws: ``ClusterError``; nothing has changed then.
    @discardableResult
    package func add(_ conditions: NetworkConditions, node: String? = nil) async throws -> String {
        try check(conditions)
        let number = timeline?.beginFault("network: \(conditions)", node: node)
        let fault = Fault(id: "\(ClusterID.random())", conditions: conditions, process: getpid(), number: number)
        do { try await change { $0 + [fault] } } catch {
            if let number { timeline?.endFault(number, node: node) }
            throw error
        }
        return fault.id
    }

    /// Takes a fault away; one that is not there any more is none.
    ///
    /// - Throws: ``ClusterError``; nothing has changed then.
    package func remove(_ id: String) async throws { try await change { $0.filter { $0.id != id } } }

    /// Takes all faults away, and puts one in their place.
    ///
    /// - Throws: ``ClusterError``; nothing has changed then.
    package func replace(by conditions: NetworkConditions) async throws {
        try check(conditions)
        if conditions.isHealthy { return try await change { _ in [] } }
        let number = timeline?.beginFault("network: \(conditions)")
        let fault = Fault(id: "\(ClusterID.random())", conditions: conditions, process: getpid(), number: number)
        do { try await change { _ in [fault] } } catch {
            if let number { timeline?.endFault(number) }
            throw error
        }
    }

    /// Puts into force again what is in force, since a node has been started: its network is a new one.
    ///
    /// - Throws: ``ClusterError``.
    package func applyAgain() async throws {
        guard cluster is any NetworkShaping, try !read(try folder()).isEmpty else { return }
        try await change { $0 }
    }

    /// Has a fault as long as a closure runs, however it ends.
    package nonisolated(nonsending) func during<Result>(
        _ conditions: NetworkConditions, node: String? = nil,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        let id = try await add(conditions, node: node)
        let result: Result
        do { result = try await body() } catch {
            // What the body threw is what the caller wants to know.
            do { try await remove(id) } catch { Progress.say("\(error)") }
            throw error
        }
        try await remove(id)
        return result
    }
}

extension NetworkFaults {
    private static let (file, lock) = ("conditions.json", "conditions.lock")

    private func check(_ conditions: NetworkConditions) throws {
        try conditions.validate(
            nodes: cluster.nodes.map(\.name), hasMachine: cluster.hostIP != nil, cluster: cluster.summary.name)
    }

    private static func all(_ faults: [Fault]) -> NetworkConditions { faults.map(\.conditions).reduce(.healthy, +) }

    private func folder() throws -> OwnFolder {
        if let folder = cluster.summary.workspace.opened?.folder { return folder }
        throw ClusterError(
            .clusterLost, "Cluster \(cluster.summary.name) is gone: nothing can be done to its network any more.")
    }

    private func read(_ folder: OwnFolder) throws -> [Fault] {
        guard try folder.names().contains(Self.file) else { return [] }
        do { return try JSONDecoder().decode([Fault].self, from: folder.read(Self.file)) } catch let error
            as DecodingError
        {
            throw ClusterError(
                .invalidConfiguration, "\(folder.path)/\(Self.file) can't be read as a cluster's network conditions.",
                underlying: error, remedy: "If another version has written it, heal the network with that one.")
        }
    }

    /// Changes what there is, with everybody else kept from it, and puts it into force. It is seen through even if the task is cancelled.
    private func change(_ body: @escaping @Sendable ([Fault]) -> [Fault]) async throws {
        let shaping = try cluster.capability((any NetworkShaping).self, "change the network")
        try await uncancelled {
            let folder = try folder()
            let limit = Duration.seconds(60)
            guard let lock = try await FileLock.take(within: limit, { try folder.lockFile(Self.lock) }) else {
                throw ClusterError(
                    .provisioningFailed,
                    "Another process has been changing the network of \(cluster.summary.name) for \(limit.inSeconds).",
                    remedy: "See which with `fuser -v \(folder.path)/\(Self.lock)`, and end it if it stands still.")
            }
            defer { lock.release() }
            let before = try read(folder)
            let after = body(before)
            if before.isEmpty, after.isEmpty { return }
            do { try await shaping.apply(Self.all(after)) } catch {
                // Some nodes may have heard of it.
                try? await shaping.apply(Self.all(before))
                throw error
            }
            try folder.replace(Self.file, with: jsonText(after))
            for fault in before where !after.contains(fault) && fault.process == getpid() {
                if let number = fault.number { timeline?.endFault(number) }
            }
        }
    }
}

import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A pool that other processes of this user ask for clusters.
package final class PoolServer: Sendable {
    private let folder: PoolFolder
    private let reaper: Reaper
    private let pool: ClusterPool
    private let nodes: Int
    /// Ends with this process; nil if it stays until it is stopped.
    private let owner: ProcessIdentity?
    private let leases = Leases()
    private let ending: AsyncStream<Void>
    private let end: AsyncStream<Void>.Continuation

    /// Makes a pool's folder. Nothing is started yet.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if the settings can't work, or there is a pool of the name.
    package init(
        named name: String, size: Int, of configuration: ClusterConfiguration, owner: ProcessIdentity?
    ) async throws {
        guard (1...64).contains(size) else {
            throw ClusterError(
                .invalidConfiguration, "A pool can't keep \(size) clusters ready.", remedy: "Ask for 1 to 64.")
        }
        try configuration.validate()
        nodes = ClusterLayout(configuration).nodes.count
        self.owner = owner
        pool = ClusterPool(size: size) {
            var configuration = configuration
            configuration.name = "\(name)-\(RandomDigits.hexadecimal(4))"
            return try await Cluster.start(configuration, timeline: Timeline(Progress()))
        }
        (ending, end) = AsyncStream.makeStream()
        (folder, reaper) = try await PoolFolder.make(name)
    }

    /// The file for what this process has to say while nobody listens.
    package var log: String { folder.log }

    /// Serves until it is stopped, its owner ends, or the task is cancelled. Then all its clusters are removed, leased ones too.
    ///
    /// - Parameter onReady: What to do when all clusters that are kept ready are there.
    /// - Throws: ``ClusterError`` if the first clusters can't be started.
    package func run(onReady: () throws -> Void) async throws {
        let outcome: Result<Void, any Error>
        do {
            try await pool.warmUp()
            let listener = try LineSocket.Listener(folder.socket)
            try BlockingThread.start {
                while let connection = listener.accept() { Task { await self.serve(connection) } }
            }
            defer { listener.close() }
            try onReady()
            await untilTheEnd()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await uncancelled { [pool, leases, folder, reaper] in
            await pool.close()
            let asking = await leases.close()
            try folder.remove()
            await reaper.dismiss()
            for connection in asking { connection.write(PoolMessage.Answer()) }
        }
        try outcome.get()
    }

    private func untilTheEnd() async {
        let watch = Task {
            if let owner { await owner.ended() } else { try await Task.sleep(for: .seconds(1 << 40)) }
            end.finish()
        }
        for await _ in ending {}
        watch.cancel()
    }

    private func serve(_ connection: LineSocket) async {
        guard let request = await connection.read(PoolMessage.Request.self) else { return }
        switch request.kind {
        case .lease: await lease(connection, until: request.process)
        case .status: connection.write(PoolMessage.Answer(status: await status))
        case .stop:
            // Told when nothing is left.
            await leases.tell(connection)
            end.finish()
        case .command, .done: break
        }
    }

    private var status: PoolMessage.Status {
        get async {
            let count = await pool.count
            return PoolMessage.Status(
                name: folder.name, nodes: nodes, size: pool.size, ready: count.ready, starting: count.starting,
                leased: await leases.count, owner: owner?.processID, process: getpid())
        }
    }

    private func lease(_ connection: LineSocket, until process: Int32?) async {
        do {
            let user = try process.map(Self.user)
            let cluster = try await pool.lease()
            guard connection.write(PoolMessage.Answer(cluster: cluster.inventory)) else {
                return await pool.giveBack(cluster)
            }
            await leases.hold(cluster) {
                if let user { await user.ended() } else { await Self.use(of: connection) }
            }
        } catch {
            connection.write(PoolMessage.Answer(error: ClusterError.unexpected(error)))
        }
    }

    private static func user(_ process: Int32) throws -> ProcessIdentity {
        if ProcessIdentity.isOwn(process), let identity = ProcessIdentity(running: process) { return identity }
        throw ClusterError(
            .invalidConfiguration, "There is no process \(process) of this user's that a cluster could end with.")
    }

    /// Returns when the other end is closed, or is told to end. A command that is still running then ends too.
    private static func use(of connection: LineSocket) async {
        var command: ProcessIdentity?
        while let request = await connection.read(PoolMessage.Request.self) {
            switch request.kind {
            case .command: command = request.process.flatMap { try? user($0) }
            case .done: command = nil
            case .lease, .status, .stop: break
            }
        }
        if let command, !command.hasEnded { kill(command.processID, SIGTERM) }
    }
}

/// The clusters that somebody uses.
private actor Leases {
    private var clusters: [String: Cluster] = [:]
    private var asking: [LineSocket] = []

    var count: Int { clusters.count }

    /// Keeps a cluster until a closure returns.
    func hold(_ cluster: Cluster, until use: @escaping @Sendable () async -> Void) {
        clusters[cluster.id] = cluster
        Task {
            await use()
            await remove(cluster)
            clusters[cluster.id] = nil
        }
    }

    /// Notes who wants to know when nothing is left.
    func tell(_ connection: LineSocket) { asking.append(connection) }

    /// Removes all clusters.
    ///
    /// - Returns: Who wants to know.
    func close() async -> [LineSocket] {
        await withTaskGroup(of: Void.self) { group in
            for cluster in clusters.values { group.addTask { await self.remove(cluster) } }
        }
        return asking
    }

    private func remove(_ cluster: Cluster) async {
        do { try await cluster.stop() } catch { Progress.say("\(error)") }
    }
}

/// Lets only one of this user's clusters at a time join its network on a machine of a Swarm.
///
/// An engine that joins two networks at once may lose the other machines' answer about one of them. It then waits for half a minute, and a container that
/// is started meanwhile is given up after 20 s. (Docker's NetworkDB has one place for the answer of a machine, whichever network was asked about:
/// `bulkSyncAckTbl` in libnetwork/networkdb/cluster.go.)
///
/// To answer a machine takes that place as well, as does a look at all networks every half a minute: two machines that ask each other at the same time
/// may both lose. One turn for all of a Swarm's machines would make every start slower for what is rare. A node that comes too late is started again.
final class NetworkJoins: Sendable {
    static let shared = NetworkJoins()

    /// The starts of one cluster's nodes on one machine that are under way.
    private struct Turn {
        let begun = Once<Void>()
        var starts = 0
    }

    private let turns = Locked<[String: Turn]>([:])

    /// Starts a node when it is its cluster's turn on its machine. The first node that is started there brings the network with it, and the turn is over
    /// then; the others are started beside it.
    ///
    /// Other users have turns of their own: a node whose network was not there in time is started again.
    func start(_ cluster: ClusterID, on machine: String, _ body: () async throws -> Void) async throws {
        let key = "\(machine) \(cluster)"
        let (turn, isFirst) = turns.withLock { turns in
            turns[key, default: Turn()].starts += 1
            return (turns[key, default: Turn()], turns[key]?.starts == 1)
        }
        defer {
            turns.withLock { turns in
                turns[key]?.starts -= 1
                if turns[key]?.starts == 0 { turns[key] = nil }
            }
        }
        guard isFirst else {
            try await turn.begun.value
            return try await persist(body)
        }
        let lock: FileLock?
        do {
            defer { turn.begun.settle(()) }
            lock = try await Self.lock(machine)
        }
        defer { lock?.release() }
        try await persist(body)
    }

    /// A process that stands still, with its turn, holds up the others no longer than a start lasts. They go on without.
    private static func lock(_ machine: String) async throws -> FileLock? {
        let folder = try OwnFolder.ensured(UserFolders.cache + "/joins")
        return try await FileLock.take(within: .seconds(20)) { try folder.lockFile(machine) }
    }

    private func persist(_ body: () async throws -> Void) async throws {
        var pauses = Pauses(from: .seconds(1), upTo: .seconds(8))
        for attempt in 1... {
            do { return try await body() } catch let error as ClusterError
                where attempt < 5 && Self.cameTooLate(error, attempt)
            {
                if attempt == 1 {
                    Progress.say(
                        "a node is started once more, because of this: \(ClusterError.sentence(error.message))")
                }
                // What the engine has begun, it takes back first, which takes a slow one longer.
                try await pauses.pass()
            }
        }
    }

    private static func cameTooLate(_ error: ClusterError, _ attempt: Int) -> Bool {
        error.message.contains("attaching to network failed") && error.message.contains("context deadline exceeded")
            || attempt > 1 && error.message.contains("network") && error.message.contains("not found")
    }
}

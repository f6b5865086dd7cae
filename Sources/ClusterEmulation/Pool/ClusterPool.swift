/// Clusters that are ready before anybody asks for one. Each is handed over once, and another is started in its place.
///
/// When the process ends, however it ends, they go like all its clusters.
package actor ClusterPool {
    /// How many are kept ready.
    package nonisolated let size: Int
    private let start: @Sendable () async throws -> Cluster
    private var ready: [Cluster] = []
    private var starts: [Int: Task<Void, Never>] = [:]
    private var removals: [Int: Task<Void, Never>] = [:]
    private var waiting: [(number: Int, continuation: CheckedContinuation<Cluster, any Error>)] = []
    private var lastNumber = 0
    /// What the last start that has failed has failed of.
    private var failure: (any Error)?
    private var isClosed = false

    /// Nothing is started yet.
    ///
    /// - Parameters:
    ///   - size: How many are kept ready.
    ///   - start: Starts one.
    package init(size: Int, start: @escaping @Sendable () async throws -> Cluster) {
        self.size = size
        self.start = start
    }

    /// How many are ready, and how many are being started.
    package var count: (ready: Int, starting: Int) { (ready.count, starts.count) }

    /// Hands over a cluster, which is the caller's to stop: one that is ready, or else the next that will be.
    ///
    /// - Throws: ``ClusterError`` if one can't be started, or the pool is closed; `CancellationError`.
    package func lease() async throws -> Cluster {
        try Task.checkCancellation()
        while !isClosed, let cluster = ready.popLast() {
            fill()
            if cluster.listens { return cluster }
            // Something else has ended it meanwhile.
            remove(cluster)
        }
        lastNumber += 1
        let number = lastNumber
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if isClosed { return continuation.resume(throwing: Self.closed) }
                // It was cancelled before it could be told so.
                if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                waiting.append((number, continuation))
                fill()
            }
        } onCancel: {
            Task { await self.giveUp(number) }
        }
    }

    /// Takes back a cluster that was not used.
    package func giveBack(_ cluster: Cluster) {
        if isClosed { remove(cluster) } else { hand(over: cluster) }
    }

    /// Starts what is missing, and returns when as many are ready as are to be kept.
    ///
    /// - Throws: ``ClusterError`` if one can't be started; `CancellationError`.
    package func warmUp() async throws {
        failure = nil
        fill()
        let begun = Array(starts.values)
        await withTaskCancellationHandler {
            for start in begun { await start.value }
        } onCancel: {
            for start in begun { start.cancel() }
        }
        try Task.checkCancellation()
        if let failure { throw failure }
    }

    /// Removes all that were not handed over, and refuses whoever asks from now on. Returns when they are gone.
    package func close() async {
        isClosed = true
        for waiter in waiting { waiter.continuation.resume(throwing: Self.closed) }
        waiting = []
        for start in starts.values { start.cancel() }
        for cluster in ready { remove(cluster) }
        ready = []
        for task in Array(starts.values) { await task.value }
        while let (_, task) = removals.first { await task.value }
    }

    private func fill() {
        while !isClosed, ready.count + starts.count < size + waiting.count { begin() }
    }

    private func begin() {
        lastNumber += 1
        let (number, start) = (lastNumber, start)
        starts[number] = Task {
            let outcome: Result<Cluster, any Error>
            do { outcome = .success(try await start()) } catch { outcome = .failure(error) }
            ended(number, outcome)
        }
    }

    private func ended(_ number: Int, _ outcome: Result<Cluster, any Error>) {
        starts[number] = nil
        switch outcome {
        case .success(let cluster): giveBack(cluster)
        case .failure(let error):
            // It is tried again for the next who asks.
            guard !isClosed else { return }
            failure = error
            if !waiting.isEmpty { waiting.removeFirst().continuation.resume(throwing: error) }
        }
    }

    private func hand(over cluster: Cluster) {
        if waiting.isEmpty {
            ready.append(cluster)
        } else {
            waiting.removeFirst().continuation.resume(returning: cluster)
        }
    }

    private func giveUp(_ number: Int) {
        guard let place = waiting.firstIndex(where: { $0.number == number }) else { return }
        waiting.remove(at: place).continuation.resume(throwing: CancellationError())
    }

    private func remove(_ cluster: Cluster) {
        lastNumber += 1
        let number = lastNumber
        removals[number] = Task {
            do { try await cluster.stop() } catch { Progress.say("\(error)") }
            removals[number] = nil
        }
    }

    private static var closed: ClusterError {
        ClusterError(.noCluster, "The pool is closed: it hands over no clusters any more.")
    }
}

extension Cluster {
    /// Whether all nodes take connections of TCP, as far as can be told in less than a millisecond. Existing machines are asked
    /// nothing: whether they are held is known.
    fileprivate var listens: Bool {
        if let hosts = handle as? HostsCluster { return hosts.isHeld }
        return nodes.allSatisfy { LoopbackPort.accepts($0.port, on: $0.host) }
    }
}

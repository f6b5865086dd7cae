public import ClusterEmulation
import Dispatch
import Foundation

extension ClusterFixture {
    /// One cluster for several suites, which is started for the first of them and goes with the process.
    ///
    /// ```swift
    /// import ClusterFixture
    /// import Testing
    ///
    /// @Suite(ClusterFixture.shared(nodes: 3)) struct UploadTests { … }
    /// @Suite(ClusterFixture.shared(nodes: 3)) struct SubmitTests { … }
    /// ```
    ///
    /// Fixtures of the same settings have the same cluster, whichever suite or test case they are of. `swift test` runs suites at the same
    /// time: to have the cluster alone, and as new, ask for `reset: .eachTest`.
    ///
    /// - Parameters:
    ///   - nodes: How many nodes, where all are alike.
    ///   - roles: What nodes are there for, where they differ.
    ///   - image: What a node is made of.
    ///   - services: What runs on the nodes besides sshd.
    ///   - backend: Where the nodes run.
    ///   - name: A name for people, or nil to choose one.
    ///   - reset: When the cluster is made as new; never unless you say otherwise.
    ///   - configure: Sets whatever else `ClusterConfiguration` has.
    /// - Returns: The fixture.
    public static func shared(
        nodes: Int = 1,
        roles: [NodeRole] = [],
        image: NodeImage = .node,
        services: [any Service] = [],
        backend: BackendChoice = .automatic,
        name: String? = nil,
        reset: ClusterSharing.Reset = .never,
        configure: (inout ClusterConfiguration) -> Void = { _ in }
    ) -> ClusterFixture {
        ClusterFixture(
            nodes: nodes, roles: roles, image: image, services: services, backend: backend, name: name,
            sharing: .process(reset: reset), configure: configure)
    }

    /// The cluster that tests are to have, and how: one that others have as well, or a new one.
    func turns() async throws -> ClusterTurns {
        switch sharing.scope {
        case .suite: ClusterTurns(try await start(), sharing.reset)
        case .process: try await SharedClusters.all.turns(of: self)
        }
    }
}

/// The clusters that all suites of this process share. Nothing tells when the last of these has ended: they are taken away at the process's exit.
private actor SharedClusters {
    static let all = SharedClusters()

    private struct Kind: Hashable {
        let configuration: ClusterConfiguration
        let sharing: ClusterSharing
    }

    private var clusters: [Kind: Task<ClusterTurns, any Error>] = [:]

    /// Whoever asks first starts it, and the others wait. A start that has failed is tried again for the next who asks.
    func turns(of fixture: ClusterFixture) async throws -> ClusterTurns {
        let kind = Kind(configuration: fixture.configuration, sharing: fixture.sharing)
        let task = clusters[kind] ?? Task { ClusterTurns(try await fixture.start(), fixture.sharing.reset) }
        clusters[kind] = task
        do {
            let turns = try await task.value
            // What programs are run by is in order until this is over: it was set up before, and is taken down after.
            _ = Self.stopsAtExit
            return turns
        } catch {
            if clusters[kind] == task { clusters[kind] = nil }
            throw error
        }
    }

    private func stop() async {
        await withTaskGroup(of: Void.self) { group in
            for task in clusters.values {
                group.addTask {
                    guard let cluster = try? await task.value.cluster else { return }
                    do { try await cluster.stop() } catch { Progress.say("\(error)") }
                }
            }
        }
    }

    /// Where it takes too long, their reapers go on, as they do for a process that is killed.
    private static let stopsAtExit: Void = {
        atexit {
            let stopped = DispatchSemaphore(value: 0)
            Task.detached {
                await all.stop()
                stopped.signal()
            }
            _ = stopped.wait(timeout: .now() + .seconds(20))
        }
    }()
}

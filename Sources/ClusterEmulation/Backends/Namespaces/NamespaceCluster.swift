#if os(Linux)
import CNamespaces
import Foundation
import Glibc

/// A cluster of this process: its lifeline, and what is known of its nodes.
final class NamespaceCluster: Sendable {
    let endpoints: [NodeEndpoint]
    private let plan: ClusterPlan
    private let lifeline: pid_t
    /// This end of the lifeline's socket; -1 when it is closed.
    private let socket: Locked<Int32>
    private let board: Reports

    private static let running = Locked<[ClusterPlan.ID: NamespaceCluster]>([:])

    static func running(_ cluster: ClusterPlan.ID) -> NamespaceCluster? { running.withLock { $0[cluster] } }

    private init(plan: ClusterPlan, endpoints: [NodeEndpoint], lifeline: pid_t, socket: Int32, board: Reports) {
        self.plan = plan
        self.endpoints = endpoints
        self.lifeline = lifeline
        self.socket = Locked(socket)
        self.board = board
    }

    /// Starts the nodes of a plan. They can be connected to from the beginning, and accept when they are up.
    static func start(_ plan: ClusterPlan, image: LayeredImage, credentials: Credentials) async throws
        -> NamespaceCluster
    {
        let network = try await HostNetwork.reserve(nodes: plan.nodeNames.count)
        defer { network.release() }
        let specification = try ClusterSpecification(
            plan, image: image, subnet: network.subnet, credentials: credentials)
        defer { specification.closeDescriptors() }
        let board = Reports()
        let process = try specification.start()
        let (socket, reports) = specification.handOver()
        let cluster = NamespaceCluster(
            plan: plan, endpoints: specification.endpoints, lifeline: process, socket: socket, board: board)
        // From here on `destroy` finds it.
        running.withLock { $0[plan.id] = cluster }
        try board.read(from: reports)
        try Lifeline.note(process, plan)
        try await board.users()
        try await ClusterUsers.map(process)
        try specification.handOver(mountsTo: process)
        try await board.network(log: NodeLogs.file("nft", of: plan.workspace.folder))
        try network.join(process, of: plan.id)
        network.release()
        if plan.configuration.outside {
            try await board.connected(log: NodeLogs.file("outside", of: plan.workspace.folder))
        }
        return cluster
    }

    /// Returns when a node has ended; throws if one could not be started, or the lifeline has ended.
    func watch() async throws -> EndedNode {
        let (node, code) = try await board.firstEnd()
        return EndedNode(name: plan.nodeNames[node], exitCode: code)
    }

    /// None, if the lifeline has ended and all nodes with it.
    var states: [String: NodeState] {
        guard let ended = board.ended else { return [:] }
        return Dictionary(
            uniqueKeysWithValues: plan.nodeNames.enumerated().map { index, name in
                (name, ended[index].map { .exited(code: $0) } ?? .running)
            })
    }

    var logs: [String: String] { NodeLogs.all(of: plan.workspace.folder) }

    /// Lets the cluster stay when this process ends.
    func stay() {
        var word = UInt16(NS_STAY)
        socket.withLock { _ = send($0, &word, MemoryLayout<UInt16>.size, Int32(MSG_NOSIGNAL)) }
    }

    /// Ends a node's processes, and waits until they have ended.
    func kill(_ name: String) async throws {
        guard let index = plan.nodeNames.firstIndex(of: name) else { return }
        var node = UInt16(index)
        _ = socket.withLock { send($0, &node, MemoryLayout<UInt16>.size, Int32(MSG_NOSIGNAL)) }
        try await board.waitForEnd(of: index)
    }

    /// Ends everything: the kernel does it when the lifeline ends, and the lifeline ends when its socket does.
    func end() async throws {
        Self.running.withLock { $0[plan.id] = nil }
        let wasOpen = socket.withLock { descriptor in
            guard descriptor >= 0 else { return false }
            // A child of this process may hold a copy of it, so closing it would not do.
            shutdown(descriptor, Int32(SHUT_RDWR))
            close(descriptor)
            descriptor = -1
            return true
        }
        guard wasOpen else { return }
        let lifeline = lifeline
        async let left: Void = HostNetwork.leave(plan.id)
        // Its end can't be awaited without a thread: the wait is as long as the kernel needs to end the processes.
        let hasEnded = await BlockingThread.run {
            let patience: Int32 = 10_000
            if ns_await_end(lifeline, patience) != 0 { return true }
            Glibc.kill(lifeline, SIGKILL)
            return ns_await_end(lifeline, patience) != 0
        }
        await left
        guard hasEnded else {
            throw ClusterError(
                .teardownFailed, "The process \(lifeline), which holds the cluster together, did not end within 20 s.",
                remedy: "See in /proc/\(lifeline)/stack what it waits for.")
        }
    }
}
#endif

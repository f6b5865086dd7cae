import ClusterFixture
import Foundation

/// One cluster of many nodes: its times, the memory that it takes while nothing happens, and a command on all of them.
struct Scale: Encodable {
    let backend: String
    let nodes: Int
    let seconds: [String: Double]
    /// Processes of the cluster: its lifeline, or the engines' for each container; and for each node the first process, sshd and the kept
    /// connection.
    let processes: Int
    /// Kilobytes (PSS) of all of them.
    let memory: Int
    /// Processes on this side that hold connections open.
    let clients: Int
    /// Kilobytes (PSS) of those.
    let clientMemory: Int
    let fanOut: FanOut

    static func measure(nodes: Int, on backend: BackendChoice) async throws -> Scale {
        #if os(Linux)
        let fixture = ClusterFixture(nodes: nodes, backend: backend) { $0.readyWithin = .seconds(300) }
        let cluster = try await fixture.setUp()
        var times = cluster.startTimes.steps
        let folder = (cluster.sshConfigurationFile as NSString).deletingLastPathComponent
        // What the logins have left behind ends.
        try await Task.sleep(for: .seconds(1))
        let table = ProcessTable()
        let inside =
            backend == .swarm
            ? table.all(named: "containerd-shim") : table.descendants(ofChildrenNamed: "cf-lifeline")
        let outside = table.processes.filter { $0.name == "ssh" && $0.commandLine.contains(folder) }
        let (memory, clientMemory) = (ProcessTable.memory(of: inside), ProcessTable.memory(of: outside))
        let fanOut = try await FanOut.measure(cluster)
        var stopwatch = Stopwatch()
        try await fixture.tearDown()
        stopwatch.lap(.teardown)
        times.merge(stopwatch.times) { $1 }
        return Scale(
            backend: "\(backend)", nodes: nodes, seconds: Sample("", nodes: nodes, times).seconds,
            processes: inside.count, memory: memory,
            clients: outside.count, clientMemory: clientMemory,
            fanOut: fanOut)
        #else
        throw Failure("there are no namespaces here")
        #endif
    }
}

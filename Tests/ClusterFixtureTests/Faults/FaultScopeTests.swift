import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// Faults that end by themselves, and those that can't be had, on each backend.
@Suite(.requiresBackend, .serialized, ConformanceClusters(), .timeLimit(.minutes(10)))
struct FaultScopeTests {
    private struct Oops: Error {}

    /// Whether node2 answers its neighbour's ping.
    private func answers(_ cluster: Cluster) async throws -> Bool {
        try await cluster[0].run("ping -c 1 -W 1 node2").exitCode == 0
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func whatIsBrokenForAClosureIsMendedWhenItReturnsOrThrows(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let node = cluster[1]
        let word = try await node.paused { () async throws -> String in
            #expect(try await node.runs("echo still") == false)
            return "returned"
        }
        #expect(word == "returned")
        #expect(try await node.run("echo on").standardOutput == "on\n")
        await #expect(throws: Oops.self) {
            try await cluster.under(.ssh(.loginsRefused, on: "node2"), .names(.missing("node2"), on: "node1")) {
                #expect(try await cluster[0].run("getent hosts node2").exitCode == 2)
                throw Oops()
            }
        }
        #expect(try await cluster[0].run("getent hosts node2").exitCode == 0)
        #expect(try await cluster[0].run("ssh node2 hostname").standardOutput == "node2\n")
        try await node.killed {
            let state = try await cluster.handle.states()["node2"]
            #expect(state != .running)
        }
        #expect(try await node.run("hostname").standardOutput == "node2\n")
        try await node.stopped {
            let state = try await cluster.handle.states()["node2"]
            #expect(state != .running)
        }
        #expect(try await node.run("hostname").standardOutput == "node2\n")
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func whatIsBrokenForAClosureIsMendedWhenTheTaskIsCancelled(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await cluster.under(.paused("node2"), .ssh(.loginsRefused, on: "node1")) {
                continuation.yield()
                try await Task.sleep(for: .seconds(3600))
            }
        }
        for await _ in begun { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await cluster[1].run("ssh node1 hostname").standardOutput == "node1\n")
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func ofSeveralFaultsNoneIsBegunIfOneMakesNoSense(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let senseless: [(Fault, ClusterError.Code, String)] = [
            (.paused("node9"), .noCluster, "node9"), (.ssh(.loginsRefused, on: ""), .noCluster, "no node"),
            (.ssh(.loginsLimited(0), on: "node1"), .invalidConfiguration, "MaxStartups"),
            (.ssh(.bannerSlowed(.zero), on: "node1"), .invalidConfiguration, "delay"),
            (.ssh(.connectionsDropped(afterBytes: 0), on: "node1"), .invalidConfiguration, "bytes"),
            (.names(.missing("a b"), on: "node1"), .invalidConfiguration, "name"),
            (.names(.wrong("node1", "300.1.1.1"), on: "node1"), .invalidConfiguration, "address"),
            (.clock("node1", offset: .zero, rate: 0), .invalidConfiguration, "clock"),
            (.clock("node1", offset: .seconds(1e10 as Double)), .invalidConfiguration, "clock"),
            (.diskFull("node1", leaving: -1), .invalidConfiguration, "disk"),
            (.partitioned([["node1"], ["node9"]]), .noCluster, "node9"),
            (.degraded("node1", loss: 2), .invalidConfiguration, "loss"),
        ]
        for (fault, code, word) in senseless {
            let error = try await #require(throws: ClusterError.self) {
                try await cluster.under(.paused("node2"), fault) { Issue.record("\(fault) was begun") }
            }
            #expect(error.code == code && error.message.contains(word), "\(fault): \(error)")
        }
        #expect(try await answers(cluster))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aNodeThatIsOffOrFrozenSaysWhyItCantBeBroken(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        let node = cluster[1]
        try await node.paused {
            let error = try await #require(throws: ClusterError.self) { try await node.ssh.refuseLogins() }
            #expect(error.node == "node2" && "\(error)".lowercased().contains("resume"), "\(error)")
        }
        try await node.stopped {
            for fault in [
                Fault.ssh(.loginsRefused, on: "node2"), .names(.slow(.seconds(1)), on: "node2"), .paused("node2"),
            ] {
                let error = try await #require(throws: ClusterError.self) { try await cluster.under(fault) {} }
                #expect(error.node == "node2" && error.message.contains("ended"), "\(error)")
            }
        }
        #expect(try await answers(cluster))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func faultsOfAStoppedClusterSaySo(backend: BackendUnderTest) async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(nodes: 2, backend: backend.choice))
        // What is broken when it is removed is nobody's concern any more.
        try await cluster[0].ssh.stall(.beforeBanner)
        try await cluster[1].pause()
        try await cluster.stop()
        for fault in [Fault.ssh(.loginsRefused, on: "node1"), .clock("node1", offset: .seconds(1)), .paused("node1")] {
            let error = try await #require(throws: ClusterError.self) { try await cluster.under(fault) {} }
            #expect(error.code == .noCluster && error.message.contains("stopped by this process"), "\(error)")
        }
        let error = try await #require(throws: ClusterError.self) { try await cluster[0].ssh.heal() }
        #expect(error.code == .noCluster, "\(error)")
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aClusterIsRemovedInTheMiddleOfAFault(backend: BackendUnderTest) async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(nodes: 2, backend: backend.choice))
        let breaking = Task {
            while true {
                try await cluster.under(.ssh(.hostKeyChanged, on: "node1"), .names(.missing("node2"), on: "node1")) {}
            }
        }
        let pausing = Task { while true { try await cluster[1].paused {} } }
        let begins = try await eventually {
            cluster.timeline.events.contains { if case .faultEnded = $0.kind { true } else { false } }
        }
        #expect(begins)
        try await cluster.stop()
        for task in [breaking, pausing] {
            let error = await #expect(throws: ClusterError.self) { try await task.value }
            #expect([.noCluster, .connectionLost, .clusterLost].contains(error?.code), "\(error as Any)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func theTimelineHasEachFaultFromItsBeginningToItsEnd(backend: BackendUnderTest) async throws {
        let cluster = try backend.cluster
        func faults() -> (begun: [Int], ended: [Int]) {
            cluster.timeline.events.reduce(into: ([], [])) {
                switch $1.kind {
                case .faultBegan(let number): $0.0.append(number)
                case .faultEnded(let number): $0.1.append(number)
                default: break
                }
            }
        }
        let before = faults()
        #expect(before.begun.sorted() == before.ended.sorted())
        try await cluster[1].ssh.refuseLogins()
        try await cluster[1].ssh.slowBanner(by: .milliseconds(5))
        try await cluster[1].ssh.slowBanner(by: .milliseconds(10))
        try await cluster[1].names.slow(by: .milliseconds(5))
        let during = faults()
        #expect(during.begun.count == before.begun.count + 4)
        #expect(during.ended.count == before.ended.count + 1)
        try await cluster[1].ssh.heal()
        #expect(faults().ended.count == before.ended.count + 3)
        try await cluster[1].names.heal()
        let after = faults()
        #expect(after.begun.sorted() == after.ended.sorted())
        let words = cluster.timeline.events.filter { $0.node == "node2" }.map(\.detail)
        #expect(words.contains { $0.contains("sshd refuses logins") })
    }
}

extension Node {
    /// Whether a command ends within three seconds.
    fileprivate func runs(_ line: String) async throws -> Bool {
        do {
            return try await run(line, timeout: .seconds(3)).exitCode == 0
        } catch let error as ClusterError where error.code == .timedOut {
            return false
        }
    }
}

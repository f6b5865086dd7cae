import Foundation
import Testing

@testable import ClusterEmulation

@Suite struct LeftoversTests {
    private let dead = ProcessIdentity(
        machine: ProcessIdentity.current.machine, processID: ProcessIdentity.current.processID, started: "1")

    @Test func onlyClustersOfDeadOwnersAreAbandoned() {
        #expect(Leftovers.isAbandoned(ClusterSummary(id: "0123456789", name: "lab", owner: dead)))
        #expect(!Leftovers.isAbandoned(ClusterSummary(id: "0123456789", name: "lab", owner: .current)))
        #expect(!Leftovers.isAbandoned(ClusterSummary(id: "0123456789", name: "lab", owner: nil)))
    }

    @Test func aClusterThatWasKeptStays() throws {
        let id = "test" + String(Int.random(in: 100_000..<999_999))
        let workspace = Workspace(cluster: id)
        try workspace.create()
        defer { try? workspace.remove() }
        try Workspace.write("", to: workspace.keptMark)
        #expect(!Leftovers.isAbandoned(ClusterSummary(id: id, name: "lab", owner: dead)))
    }
}
